/**
 * Attack 45: code that PostgreSQL runs in somebody else's session does by our functions no more than it could by
 * statements of PostgreSQL's own.
 *
 * PostgreSQL judges such code by `current_user`, the role whose rights are in force, and is the yardstick: in each context
 * the attacker's code tries GRANT and CREATE ROLE, and then everything of ours. Where PostgreSQL itself refuses, ours must.
 */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attachForeign,
  createEmbedded,
  LOOKALIKE_OF_READER,
  type AttackedInstance,
  type Visitor,
} from '../stage/contexts/attacked-instance.ts'
import { attemptsOf, attemptsOn, findOwnObjects, type OwnObject } from '../stage/contexts/attempts.ts'
import { changedBy, installProbe, type Outcome } from '../stage/contexts/probe.ts'
import {
  OWN_DEFINER,
  RUNNING_CONTEXTS,
  setUp,
  type RunningContext,
} from '../stage/contexts/running-contexts.ts'
import {
  roleOf,
  setUpAutovacuum,
  setUpSubscriptions,
  visit,
  visitForGood,
  waitForAutovacuum,
  waitForSubscription,
} from '../stage/contexts/visit.ts'
import { FOREIGN_MAJOR_VERSION } from '../stage/foreign-cluster.ts'
import { inSession, refusedLogin } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
/** Sessions that the gateway opened for an identity with a token. */
const THROUGH_THE_GATEWAY: readonly Visitor[] = ['owner', 'claimant']
/** Of the functions of databricks_auth, on an attached instance. */
const HAS_FUNCTIONS = FOREIGN_MAJOR_VERSION >= 16
const SUBSCRIPTIONS = (['owner', 'superuser'] as const).flatMap((by) =>
  [
    { runsAsOwner: false, copies: false },
    { runsAsOwner: false, copies: true },
    { runsAsOwner: true, copies: false },
  ].map((options, index) => ({ name: `${by}_${String(index)}`, by, ...options })),
)
const CALLED = RUNNING_CONTEXTS.filter(({ name }) => name === 'a function' || name === 'a DO block')

const byName = (contexts: readonly RunningContext[]) =>
  contexts.map((context) => [context.name, context] as const)

const whoAmI = async (client: pg.Client): Promise<string | undefined> =>
  (await client.query<{ role: string }>('SELECT session_user::text AS role')).rows[0]?.role

if (!HAS_FUNCTIONS) console.log('skipped: an attached instance has functions of ours from PostgreSQL 16 on')

describe.each([
  { kind: 'embedded', version: 18, create: () => createEmbedded(lakegate) },
  ...(HAS_FUNCTIONS
    ? [
        {
          kind: 'attached',
          version: FOREIGN_MAJOR_VERSION,
          create: () => attachForeign(lakegate, FOREIGN_MAJOR_VERSION),
        },
      ]
    : []),
])('an instance that is $kind, PostgreSQL $version', ({ kind, version, create }) => {
  const contexts = RUNNING_CONTEXTS.filter(({ since = 0 }) => since <= version)
  const visitedBy = (visitor: Visitor) => contexts.filter(({ visitors }) => visitors.includes(visitor))
  let instance: AttackedInstance
  let objects: readonly OwnObject[]

  beforeAll(async () => {
    instance = await create()
    objects = await findOwnObjects(instance, 'by name')
    await installProbe(instance, attemptsOf(instance, objects))
    await setUp(instance, contexts)
    await setUpAutovacuum(instance)
    if (kind === 'attached') await setUpSubscriptions(instance)
  })
  afterAll(() => instance.remove())

  describe('what is ours', () => {
    it.runIf(kind === 'embedded')('is what its name says to be, and nothing else', async () => {
      const members = await findOwnObjects(instance, 'by membership')
      expect(objects.map(({ identity }) => identity)).toEqual(members.map(({ identity }) => identity))
    })

    it('is tried in every context, all of it', () => {
      expect(objects.map(({ name }) => name)).toContain('databricks_set_role_label')
      const untried = objects.filter((object) => attemptsOn(instance, object) === undefined)
      expect(untried.map(({ catalog, identity }) => `${catalog} ${identity}`)).toEqual([])
    })

    it('looks up nothing where a stranger could have put something', () => {
      const functions = objects.filter(({ kind: is, language }) => is === 'function' && language !== 'c')
      expect(functions.length).toBeGreaterThan(0)
      expect(
        functions
          .filter(({ searchPath }) => searchPath !== 'search_path=pg_catalog, pg_temp')
          .map(({ identity }) => identity),
      ).toEqual([])
    })
  })

  /** Who has these rights, and what PostgreSQL allows them: the yardstick must be able to say yes. */
  const powersOf = (role: string): ReadonlySet<string> => {
    const { owner, superuser, treasurer } = instance
    const administered = [treasurer.applicationId, 'a new role']
    if (role === superuser) return new Set([...administered, owner])
    if (role === owner) return new Set(administered)
    // A reader inherits from the owner, but no attributes; and hands its tables over.
    if (isReader(role)) return new Set([treasurer.applicationId, 'a table for another role'])
    return new Set()
  }
  const isReader = (role: string) => role.startsWith('databricks_claims_') && role !== LOOKALIKE_OF_READER

  const expectNoMoreThanPostgresql = (outcomes: readonly Outcome[]) => {
    const allowed = changedBy(outcomes, 'postgresql')
    const beyond = outcomes.filter(
      ({ whose, changed }) =>
        (whose === 'entry' || whose === 'inner') && !changed.every((subject) => allowed.includes(subject)),
    )
    expect(beyond.map(({ statement, changed }) => `${statement} changed ${changed.join(', ')}`)).toEqual([])
  }

  /** What users call; the rest is refused for want of rights, or a superuser's to do with as it likes. */
  const expectNothing = (outcomes: readonly Outcome[]) => {
    expectNoMoreThanPostgresql(outcomes)
    expect(changedBy(outcomes, 'identity', 'entry')).toEqual([])
  }

  /** @returns the role whose rights were in force */
  const expectYardstick = (outcomes: readonly Outcome[]): string => {
    const [role = 'nobody', ...others] = new Set(outcomes.map(({ rightsOf }) => rightsOf))
    expect(others).toEqual([])
    expect(new Set(changedBy(outcomes, 'postgresql'))).toEqual(powersOf(role))
    return role
  }

  const expectRights = (role: string, rights: RunningContext['rights'], visitor: Visitor) => {
    if (rights === 'attacker') expect(role).toBe(instance.attacker.applicationId)
    else if (rights === 'lookalike') expect(role).toBe(LOOKALIKE_OF_READER)
    else if (visitor === 'claimant') expect(role).toSatisfy(isReader)
    else expect(role).toBe(roleOf(instance, visitor))
  }

  describe.each(THROUGH_THE_GATEWAY)('code that runs in a session of the %s', (visitor) => {
    it.each(byName(visitedBy(visitor)))(
      'does no more by ours than by PostgreSQL’s own: %s',
      async (_name, context) => {
        const outcomes = await visit(instance, context, visitor)
        expectRights(expectYardstick(outcomes), context.rights, visitor)
        expectNoMoreThanPostgresql(outcomes)
      },
    )
  })

  describe('code that runs in a session of a superuser, which the gateway did not open', () => {
    it.each(byName(visitedBy('superuser')))('does nothing by ours: %s', async (_name, context) => {
      const outcomes = await visit(instance, context, 'superuser')
      expectRights(expectYardstick(outcomes), context.rights, 'superuser')
      expectNothing(outcomes)
    })
  })

  describe('code that runs in a process of PostgreSQL’s own', () => {
    it('does nothing by ours: an expression index under autovacuum', async () => {
      const outcomes = await waitForAutovacuum(instance)
      expect(new Set(outcomes.map(({ backendType }) => backendType))).toEqual(new Set(['autovacuum worker']))
      expectRights(expectYardstick(outcomes), 'attacker', 'superuser')
      expectNothing(outcomes)
    })

    // An embedded server reaches none but itself over its socket, whose only guest is the gateway.
    it.runIf(kind === 'attached').each(SUBSCRIPTIONS)(
      'does nothing by ours: a subscription of the $by, runs as owner $runsAsOwner, copies $copies',
      async (subscription) => {
        const outcomes = await waitForSubscription(instance, subscription)
        for (const { backendType } of outcomes) expect(backendType).toMatch(/^logical replication/)
        expectRights(
          expectYardstick(outcomes),
          subscription.runsAsOwner ? 'visitor' : 'attacker',
          subscription.by,
        )
        expectNothing(outcomes)
      },
    )
  })

  it.each(byName([...CALLED, OWN_DEFINER]))(
    'lets the owner do by ours what the owner may: %s',
    async (_name, context) => {
      const outcomes = await visit(instance, context, 'owner')
      const { createsRoles, owner, treasurer } = instance
      expect(expectYardstick(outcomes)).toBe(owner)
      expect(new Set(changedBy(outcomes, 'entry'))).toEqual(
        new Set([treasurer.applicationId, ...(createsRoles ? ['a new role'] : [])]),
      )
      expect(changedBy(outcomes, 'identity')).toHaveLength(1)
    },
  )

  it('leaves everybody with the own role, after all that the attacker has tried', async () => {
    for (const visitor of [...THROUGH_THE_GATEWAY, 'superuser'] as const)
      await visitForGood(
        instance,
        visitedBy(visitor).filter(({ rights }) => rights !== 'visitor'),
        visitor,
      )
    await waitForAutovacuum(instance, true)
    const { attacker, owner, treasurer } = instance
    for (const role of [owner, treasurer.applicationId])
      await expect(refusedLogin(lakegate, await instance.loginWith(attacker, role))).resolves.toMatchObject({
        code: '28000',
      })
    for (const identity of [attacker, treasurer])
      await inSession(lakegate, await instance.loginWith(identity, identity.applicationId), whoAmI).then(
        (role) => expect(role).toBe(identity.applicationId),
      )
    await expect(instance.as('owner', whoAmI)).resolves.toBe(owner)
  })
})
