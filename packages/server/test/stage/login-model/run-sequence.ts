/**
 * Runs one sequence in the arena and holds every step against the model; at the end, who can log in as whom, by the
 * policy for everybody and by real logins for those for whom something changed.
 */
import type { IdentityId, RoleOid } from '../../../src/domain/ids.ts'
import { parseIdentityBinding } from '../../../src/domain/identity-binding.ts'
import { decideLogin } from '../../../src/policy/login.ts'
import { ALICE, GROUP, OWN_LOGIN, OWN_ROLE } from '../../policy/facts.ts'
import { waitFor } from '../wait-for.ts'
import { ARENA, type Arena } from './arena.ts'
import {
  administers,
  judge,
  loginPairs,
  type Attempt,
  type Cluster,
  type IdentityOfModel,
  type Role,
} from './model.ts'
import { login, refusedBy, send, type Refused, type Sessions } from './sessions.ts'
import { PEOPLE, type Actor, type Person, type Sent, type Sequence, type Statement } from './statements.ts'
import { linesOf, MAINTENANCE, plantAt, useLine, type Line, type Plant } from './to-sql.ts'
import { countRuns } from './witness.ts'

/** Everything that was sent and answered, and what went against the rule: empty for a sequence without findings. */
export interface Played {
  readonly trace: readonly string[]
  readonly findings: readonly string[]
  /** Of which kind the first finding is: the statement that showed it and the words without the names. */
  readonly kind: string
}

/** What fails for another reason than the caller's rights: a setting of the database, a lock of somebody else. */
const NOT_ABOUT_RIGHTS = new Set(['25006', '25P04', '40P01', '55P03', '57014', 'closed'])
const CHANGED_PAIRS_TRIED = 2

interface Scene {
  readonly arena: Arena
  readonly sessions: Sessions
  readonly plants: Plant[]
  /** Object ids of the roles that the gateway made for sessions with claims. */
  readonly readers: Set<string>
  readonly trace: string[]
  readonly findings: string[]
  cluster: Cluster
  /** What the statement at work is about. */
  about: string
}

/** The arena is as before afterwards. */
export async function runSequence(arena: Arena, sessions: Sessions, sequence: Sequence): Promise<Played> {
  const scene: Scene = {
    arena,
    sessions,
    plants: [],
    readers: new Set(),
    trace: [],
    findings: [],
    cluster: arena.baseline(),
    about: '',
  }
  try {
    for (const statement of sequence.statements) {
      scene.about = aboutOf(scene, statement)
      if (!(await performIfLoggedIn(scene, statement))) break
      // What follows a broken rule proves nothing.
      if (scene.findings.length > 0) break
    }
    if (scene.findings.length === 0) await compareLogins(scene, sequence.sample)
  } catch (error) {
    throw new Error(`the stage failed after\n${scene.trace.join('\n')}`, { cause: error })
  } finally {
    await sessions.refresh(await arena.restore())
  }
  const { trace, findings, about } = scene
  return { trace, findings, kind: `${about}: ${(findings[0] ?? '').replace(NAMES, '…')}` }
}

/** Names of roles, identities and labels. */
const NAMES = /\S*[\d_@=]\S*/g

const aboutOf = ({ plants }: Scene, statement: Statement): string => {
  if (statement.kind !== 'use' && statement.kind !== 'maintain') return statement.kind
  return `${statement.kind} of ${plantAt(plants, statement.plant)?.container ?? 'nothing'}`
}

/**
 * An actor whose session ended, and whose role somebody bound to another identity, comes in no more: the sequence ends, and
 * whether that is as the model says is for `compareLogins`.
 */
async function performIfLoggedIn(scene: Scene, statement: Statement): Promise<boolean> {
  try {
    await perform(scene, statement)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '28000')) throw error
    scene.trace.push(`    -> no session: ${error.message}`)
    return false
  }
}

async function perform(scene: Scene, statement: Statement): Promise<void> {
  switch (statement.kind) {
    case 'transaction':
      return inTransaction(scene, statement.by, statement.sent, statement.end)
    case 'maintain':
      return maintain(scene, statement.plant, statement.way)
    case 'take_setting':
      return takeSetting(scene, statement)
    case 'login': {
      const { roleNames } = scene.arena.scene()
      return tryLogin(scene, statement.person, roleNames[statement.role])
    }
    case 'login_with_claims':
      return loginWithClaims(scene)
    case 'lock':
      return loginsBesideLock(scene, statement)
    default:
      return sendStatement(scene, statement)
  }
}

async function sendStatement(scene: Scene, sent: Sent): Promise<void> {
  const { client, testimony } = await scene.sessions.of(sent.by)
  for (const line of linesOf(scene.arena.scene(), sent, scene.plants)) {
    const before = scene.cluster
    const refused = await send(client, line)
    say(scene, sent.by, line.text, refused)
    const attempts = testimony.take()
    const isDirect = sent.kind === 'set_label' || sent.kind === 'create_role'
    await judgeStep(scene, refused === undefined ? attempts : [], sent.kind === 'set_label')
    if (isDirect) await judgeDirectCall(scene, before, attempts.at(-1), refused)
  }
}

/** Whoever administers a role labels it from the own session; PostgreSQL and the model agree on who that is. */
async function judgeDirectCall(
  { arena, trace, findings }: Scene,
  before: Cluster,
  attempt: Attempt | undefined,
  refused: Refused | undefined,
): Promise<void> {
  const caller = before.roles.find(({ name }) => name === attempt?.caller)
  if (attempt === undefined || caller === undefined) return
  const target = before.roles.find(({ oid }) => oid === attempt.target)
  if (target !== undefined && administers(before, caller.oid, target.oid) !== attempt.administers)
    throw new Error(
      `the model and PostgreSQL disagree on who administers ${target.name}: ${trace.join('\n')}`,
    )
  if (refused === undefined || NOT_ABOUT_RIGHTS.has(refused.code) || attempt.caller !== attempt.session)
    return
  const mayLabel =
    attempt.call === 'set_label' &&
    target !== undefined &&
    !target.isSuperuser &&
    !/^(pg|databricks)_/.test(target.name) &&
    !arena.world.bornWith.has(target.oid) &&
    administers(before, caller.oid, target.oid, true) &&
    (attempt.label === null || parseIdentityBinding(attempt.label) !== undefined)
  const mayCreate =
    attempt.call === 'create_role' &&
    attempt.mayCreate &&
    !before.roles.some(({ name }) => name === attempt.name)
  if ((mayLabel || mayCreate) && (await arena.isIntact()))
    findings.push(`${attempt.caller} may do this and was refused: ${refused.code} ${refused.message}`)
}

async function inTransaction(
  scene: Scene,
  by: Actor,
  several: readonly Sent[],
  end: 'COMMIT' | 'ROLLBACK',
): Promise<void> {
  const { client, testimony } = await scene.sessions.of(by)
  const lines: readonly Line[] = [
    { text: 'BEGIN' },
    ...several.flatMap((sent) => linesOf(scene.arena.scene(), sent, scene.plants)),
    { text: end },
  ]
  let isWhole = true
  for (const line of lines) {
    const refused = await send(client, line)
    say(scene, by, line.text, refused)
    isWhole &&= refused === undefined
  }
  const attempts = testimony.take()
  await judgeStep(scene, isWhole && end === 'COMMIT' ? attempts : [])
}

async function maintain(scene: Scene, plant: number, way: number): Promise<void> {
  const line = useLine(scene.plants, plant, way, MAINTENANCE)
  if (line === undefined) return
  const { client, testimony } = scene.arena.superuser()
  const refused = await send(client, line)
  say(scene, 'the superuser', line.text, refused)
  const attempts = testimony.take()
  await judgeStep(scene, refused === undefined ? attempts : [])
}

async function takeSetting(
  scene: Scene,
  { by, from, setting }: Extract<Statement, { kind: 'take_setting' }>,
): Promise<void> {
  const victim = await scene.sessions.of(from)
  const { client } = await scene.sessions.of(by)
  try {
    const { rows } = await victim.client.query<{ value: string | null }>(
      'SELECT current_setting($1, true) AS value',
      [`databricks_auth.${setting}`],
    )
    await client.query('SELECT set_config($1, $2, false)', [
      `databricks_auth.${setting}`,
      rows[0]?.value ?? '',
    ])
    say(scene, by, `takes databricks_auth.${setting} of ${from}`)
  } catch (error) {
    say(scene, by, `takes databricks_auth.${setting} of ${from}`, refusedBy(error))
  }
  await judgeStep(scene, [])
}

/** A real login, with the token of this person; it must go as the model says, and be exactly that role. */
async function tryLogin(scene: Scene, person: Person, role: string): Promise<void> {
  const { arena, findings } = scene
  const { id, name } = arena.cast.people[person]
  const isExpected = loginPairs(arena.world, scene.cluster).has(`${id} ${role}`)
  let refused: Refused | undefined
  try {
    const client = await login(arena, person, role, 'databricks_postgres')
    const { rows } = await client.query<{ role: string }>('SELECT session_user AS role')
    if (rows[0]?.role !== role)
      findings.push(`${name} logged in as ${role} and is ${rows[0]?.role ?? 'nobody'}`)
    await judgeStep(scene, [], true)
    await client.end()
  } catch (error) {
    refused = refusedBy(error)
  }
  say(scene, person, `logs in as ${role}`, refused)
  if (isExpected !== (refused === undefined))
    findings.push(
      refused === undefined
        ? `${name} logged in as ${role}, which nobody with a right to it has allowed`
        : `${name} cannot log in as ${role}, and nobody with a right to it has changed that: ${refused.message}`,
    )
}

/**
 * The session goes on as a reader that the gateway makes; no label changes, and nobody becomes a member of anything. It
 * must succeed where everything that it needs is as Lakegate left it; else it may be refused.
 */
async function loginWithClaims(scene: Scene): Promise<void> {
  const { arena, findings, readers } = scene
  const { id, name } = arena.cast.people.claimant
  const before = scene.cluster
  const mayLogIn = loginPairs(arena.world, before).has(`${id} ${name}`)
  const isReaderTaken = before.roles.some(
    (role) => role.name === arena.scene().roleNames.reader && !readers.has(role.oid),
  )
  const isIntact = !isReaderTaken && (await arena.isIntact())
  const runs = await countRuns(arena.superuser().client)
  let refused: Refused | undefined
  try {
    const client = await login(arena, 'claimant', name, ARENA, '', await arena.claimsToken())
    const { rows } = await client.query<{ reader: string; session: string }>(
      'SELECT current_user AS reader, session_user AS session',
    )
    const after = await arena.readCluster()
    const reader = after.roles.find((role) => role.name === rows[0]?.reader)
    if (reader !== undefined && !before.roles.some(({ oid }) => oid === reader.oid)) readers.add(reader.oid)
    if (rows[0]?.session !== name || reader === undefined || !readers.has(reader.oid))
      findings.push(
        `${name} logged in with claims and goes on as ${rows[0]?.reader ?? 'nobody'}, which is no reader of Lakegate`,
      )
    await judgeStep(scene, [], true)
    await client.end()
  } catch (error) {
    refused = refusedBy(error)
    await judgeStep(scene, [], true)
  }
  say(scene, 'claimant', 'logs in with claims', refused)
  if ((await countRuns(arena.superuser().client)) !== runs)
    findings.push(`code that is not Lakegate's ran in the login of ${name}`)
  if (refused === undefined && !mayLogIn)
    findings.push(`${name} logged in with claims, which nobody with a right to it has allowed`)
  if (refused !== undefined && mayLogIn && isIntact)
    findings.push(`${name} cannot log in with claims: ${refused.message}`)
}

/** What is locked in a session of one person is in nobody's way who logs in. */
async function loginsBesideLock(
  scene: Scene,
  { by, table, mode }: Extract<Statement, { kind: 'lock' }>,
): Promise<void> {
  const { client } = await scene.sessions.of(by)
  // LOCK TABLE of a view locks what is below with the rights of its owner. Whoever may write all data stops the catalogs
  // that way by PostgreSQL's own pg_roles; no view of ours makes that better or worse.
  const tables = scene.arena.scene().tables.filter(({ isView }) => !isView)
  const locked = tables[table % Math.max(tables.length, 1)]
  if (locked === undefined) return
  const text = `BEGIN; LOCK TABLE ${locked.name} IN ${mode} MODE`
  const refused = await send(client, { text })
  say(scene, by, text, refused)
  if (refused === undefined) {
    const over = { isOver: false }
    const logins = loginWithClaims(scene).finally(() => {
      over.isOver = true
    })
    try {
      const waiting = await waitFor(
        'the end of the logins',
        async () => (over.isOver ? 'nobody' : undefined) ?? (await scene.arena.whoWaitsForLock()),
      )
      if (waiting !== 'nobody')
        scene.findings.push(`while ${by} has locked ${locked.name} a login waits: ${waiting}`)
    } finally {
      await client.query('ROLLBACK')
      await logins
    }
  } else await client.query('ROLLBACK')
}

async function judgeStep(
  scene: Scene,
  attempts: readonly Attempt[],
  mustLeaveMemberships = false,
): Promise<void> {
  const { arena, readers, findings } = scene
  const [before, after] = [scene.cluster, await arena.readCluster()]
  scene.cluster = after
  findings.push(...judge(arena.world, { before, after, attempts, mustLeaveMemberships, readers }))
}

/** The end: the pairs of the policy are those of the model, and real logins go accordingly. */
async function compareLogins(scene: Scene, sample: number): Promise<void> {
  const { arena, findings, cluster } = scene
  const { people } = arena.cast
  const modelled = loginPairs(arena.world, cluster)
  const decided = pairsByPolicy(scene)
  for (const pair of new Set([...modelled, ...decided]))
    if (modelled.has(pair) !== decided.has(pair))
      findings.push(`model and policy differ on ${pair}: ${String(modelled.has(pair))} in the model`)
  const before = loginPairs(arena.world, arena.baseline())
  const trials = PEOPLE.flatMap((person) =>
    cluster.roles
      .filter(({ oid }) => !arena.world.bornWith.has(oid))
      .map((role) => ({ person, role: role.name, pair: `${people[person].id} ${role.name}` })),
  )
  const changed = trials.filter(({ pair }) => before.has(pair) !== modelled.has(pair))
  const sampled = trials[sample % trials.length]
  for (const { person, role } of [...changed.slice(0, CHANGED_PAIRS_TRIED), ...(sampled ? [sampled] : [])])
    await tryLogin(scene, person, role)
}

function pairsByPolicy({ arena: { world }, cluster }: Scene): ReadonlySet<string> {
  const pairs = new Set<string>()
  for (const identity of world.identities) {
    if (identity.type === 'GROUP') continue
    for (const role of cluster.roles) {
      const facts = factsOf(cluster, role)
      const group = world.identities.find(({ id, type }) => type === 'GROUP' && id === facts.binding?.id)
      const verdict = decideLogin({
        ...OWN_LOGIN,
        roleName: role.name,
        role: facts,
        identity: principalOf(identity),
        group: group && groupOf(group, world.members[group.id] ?? [], identity),
      })
      if (verdict.outcome === 'admitted') pairs.add(`${identity.id} ${role.name}`)
    }
  }
  return pairs
}

const principalOf = ({ id, name }: IdentityOfModel) => ({ ...ALICE, id: id as IdentityId, name })

const groupOf = ({ id, name }: IdentityOfModel, members: readonly string[], identity: IdentityOfModel) => ({
  ...GROUP,
  id: id as IdentityId,
  name,
  membershipPath: members.includes(identity.id) ? [id, identity.id] : undefined,
})

function factsOf({ labels }: Cluster, role: Role) {
  const label = labels[role.oid]
  return {
    ...OWN_ROLE,
    oid: role.oid as RoleOid,
    name: role.name,
    canLogIn: role.canLogIn,
    isSuperuser: role.isSuperuser,
    validUntil: role.isExpired ? OWN_LOGIN.now : undefined,
    binding: label === undefined ? undefined : parseIdentityBinding(label),
  }
}

function say({ trace }: Scene, who: string, what: string, refused?: Refused): void {
  const answer = refused === undefined ? 'ok' : `${refused.code} ${refused.message}`
  trace.push(`${who}: ${what}\n    -> ${answer}`)
}
