/**
 * The model of who may log in as whom, without a database: what PostgreSQL's catalog said before and after a statement
 * goes in, what Lakegate's labels must be and everything that went against the rule comes out.
 *
 * The rule: a label changes only by code that runs with the rights of a role that administers the labelled role at that
 * moment. PostgreSQL judges its own statements, so their outcome is taken from its catalog; ours are judged here.
 */

export interface Role {
  readonly oid: string
  readonly name: string
  readonly isSuperuser: boolean
  readonly createsRoles: boolean
  readonly canLogIn: boolean
  readonly isExpired: boolean
}

/** A row of pg_auth_members, with object ids. */
export interface Membership {
  readonly role: string
  readonly member: string
  readonly grantor: string
  readonly admin: boolean
  readonly inherits: boolean
}

export interface Cluster {
  readonly roles: readonly Role[]
  readonly memberships: readonly Membership[]
  /** Of provider databricks_auth, by the object id of the role. */
  readonly labels: Readonly<Record<string, string>>
}

/** A call of one of our functions by whatever code made it, as `witness.note` saw it inside the very session. */
export interface Attempt {
  readonly call: 'set_label' | 'create_role'
  /** Whose rights were in force (current_user), and whose session it was. */
  readonly caller: string
  readonly session: string
  readonly callerIsSuperuser: boolean
  /** PostgreSQL's own word, at that moment: has the caller the ADMIN option on the role? */
  readonly administers: boolean
  /** For create_role: has the caller CREATEROLE, and CREATE on the database? */
  readonly mayCreate: boolean
  /** Name of the role, or of the identity; `target` is the role's object id if it exists. */
  readonly name: string
  readonly target: string | null
  readonly label: string | null
  /** Whether what was called is Lakegate's, and not what somebody put in its place. */
  readonly isOurs: boolean
  readonly succeeded: boolean
}

export interface IdentityOfModel {
  readonly id: string
  readonly type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'
  readonly name: string
}

/** What does not change while a sequence runs: the directory, and what the cluster was born with. */
export interface World {
  readonly identities: readonly IdentityOfModel[]
  /** Group id to the ids of its members. */
  readonly members: Readonly<Record<string, readonly string[]>>
  /** Object ids of roles that exist since initdb or since Lakegate prepared the instance. */
  readonly bornWith: ReadonlySet<string>
  readonly superuserOid: string
}

const roleOf = (cluster: Cluster, oid: string): Role | undefined =>
  cluster.roles.find((role) => role.oid === oid)
const nameOf = (cluster: Cluster, oid: string): string => roleOf(cluster, oid)?.name ?? `role ${oid}`

/** Every role that `start` is a member of, itself included; through inherited memberships only, if so asked. */
function rolesAbove(cluster: Cluster, start: string, inheritedOnly = false): ReadonlySet<string> {
  const found = new Set([start])
  for (const oid of found)
    for (const { role, member, inherits } of cluster.memberships)
      if (member === oid && (inherits || !inheritedOnly)) found.add(role)
  return found
}

/**
 * PostgreSQL's is_admin_of_role(): the ADMIN option, held by the role or any role that it is a member of.
 * With `inheritedOnly`, as GRANT without GRANTED BY needs it (select_best_admin()): a grantor whose privileges it inherits.
 */
export function administers(
  cluster: Cluster,
  caller: string,
  target: string,
  inheritedOnly = false,
): boolean {
  if (roleOf(cluster, caller)?.isSuperuser === true) return true
  // A role has no ADMIN option on itself, also not by a detour.
  if (caller === target) return false
  const above = rolesAbove(cluster, caller, inheritedOnly)
  return cluster.memberships.some(({ role, member, admin }) => role === target && admin && above.has(member))
}

/** May this caller have got what it asked for? Superusers and roles of the system are nobody's to bind. */
function isEntitled(world: World, cluster: Cluster, attempt: Attempt): boolean {
  if (attempt.callerIsSuperuser) return false
  if (attempt.call === 'create_role') return attempt.mayCreate
  if (attempt.target === null || world.bornWith.has(attempt.target)) return false
  return attempt.administers && roleOf(cluster, attempt.target)?.isSuperuser !== true
}

export interface Step {
  readonly before: Cluster
  readonly after: Cluster
  /** In the order in which they were made; none that was rolled back. */
  readonly attempts: readonly Attempt[]
  /** No code of a client runs in it but the gateway's own, or it must leave all memberships as they are. */
  readonly mustLeaveMemberships: boolean
  /** Object ids of the roles that the gateway made for sessions with claims. */
  readonly readers: ReadonlySet<string>
}

/** @returns what went against the rule, in words; nothing when all is as it must be */
export function judge(world: World, step: Step): readonly string[] {
  return [
    ...judgeAttempts(world, step),
    ...judgeLabels(world, step),
    ...judgeSuperusers(step),
    ...judgeMemberships(world, step),
  ]
}

const hasEffect = ({ isOurs, succeeded }: Attempt): boolean => isOurs && succeeded

const judgeAttempts = (world: World, { before, after, attempts }: Step): readonly string[] =>
  attempts.flatMap((attempt) =>
    attempt.succeeded && !isEntitled(world, { ...after, roles: [...after.roles, ...before.roles] }, attempt)
      ? [
          attempt.call === 'set_label'
            ? `code with the rights of ${attempt.caller}, in a session of ${attempt.session}, set the label of ${attempt.name} to ${String(attempt.label)} without the ADMIN option on it`
            : `code with the rights of ${attempt.caller}, in a session of ${attempt.session}, made a role for ${attempt.name} without the right to create roles`,
        ]
      : [],
  )

/** What the labels must be: those from before without the roles that are gone, and what the attempts made of them. */
function labelsAfter(world: World, { before, after, attempts }: Step): Readonly<Record<string, string>> {
  const labels = new Map(Object.entries(before.labels))
  for (const attempt of attempts) {
    if (!hasEffect(attempt)) continue
    if (attempt.call === 'create_role') {
      const made = after.roles.find(({ name }) => name === attempt.name)
      const identity = world.identities.find(({ name }) => name === attempt.name)
      if (made !== undefined && identity !== undefined)
        labels.set(made.oid, `id=${identity.id},type=${identity.type}`)
    } else if (attempt.target !== null) {
      if (attempt.label === null) labels.delete(attempt.target)
      else labels.set(attempt.target, attempt.label)
    }
  }
  return Object.fromEntries([...labels].filter(([oid]) => roleOf(after, oid) !== undefined))
}

function judgeLabels(world: World, step: Step): readonly string[] {
  const expected = labelsAfter(world, step)
  const found = step.after.labels
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])].flatMap((oid) =>
    expected[oid] === found[oid]
      ? []
      : [
          `the label of ${nameOf(step.after, oid)} is ${found[oid] ?? 'none'}, and must be ${expected[oid] ?? 'none'}`,
        ],
  )
}

function judgeSuperusers({ before, after }: Step): readonly string[] {
  const known = new Set(before.roles.filter(({ isSuperuser }) => isSuperuser).map(({ oid }) => oid))
  return after.roles.flatMap(({ oid, name, isSuperuser }) =>
    isSuperuser && !known.has(oid) ? [`${name} became a superuser`] : [],
  )
}

/**
 * Memberships that the bootstrap superuser granted were granted by Lakegate, or by CREATE ROLE to whom it made the new
 * role for. Lakegate grants nothing else but the role of a session with claims to its reader, which is nobody's.
 */
function judgeMemberships(world: World, step: Step): readonly string[] {
  const { before, after, readers } = step
  const existed = new Set(before.roles.map(({ oid }) => oid))
  const known = new Set(before.memberships.map(keyOf))
  const granted = after.memberships
    .filter(
      (edge) => edge.grantor === world.superuserOid && existed.has(edge.role) && !known.has(keyOf(edge)),
    )
    .filter(({ member }) => !readers.has(member))
    .map(({ role, member }) => `Lakegate granted ${nameOf(after, role)} to ${nameOf(after, member)}`)
  const open = after.memberships
    .filter(({ role }) => readers.has(role))
    .map(({ role, member }) => `${nameOf(after, member)} is a member of the reader ${nameOf(after, role)}`)
  const grown = step.mustLeaveMemberships ? grownMemberships(world, step) : []
  return [...granted, ...open, ...grown]
}

const keyOf = ({ role, member, grantor }: Membership): string => `${role} ${member} ${grantor}`

function grownMemberships({ bornWith }: World, { before, after, readers }: Step): readonly string[] {
  return before.roles
    .filter(({ oid }) => !bornWith.has(oid) && !readers.has(oid))
    .flatMap(({ oid, name }) => {
      const had = rolesAbove(before, oid)
      return [...rolesAbove(after, oid)]
        .filter((above) => !had.has(above))
        .map((above) => `${name} became a member of ${nameOf(after, above)}`)
    })
}

/** `<identity id> <role name>` of everyone who may log in as anyone. */
export function loginPairs({ identities, members }: World, cluster: Cluster): ReadonlySet<string> {
  const pairs = cluster.roles.flatMap((role) => {
    const label = cluster.labels[role.oid]
    if (label === undefined || role.isSuperuser || role.isExpired || !role.canLogIn) return []
    const [id = '', type = ''] = label.replace(/^id=/, '').split(',type=')
    const may = identities.filter((identity) =>
      type.toUpperCase() === 'GROUP'
        ? (members[id] ?? []).includes(identity.id)
        : identity.type !== 'GROUP' && identity.id === id,
    )
    return may.map((identity) => `${identity.id} ${role.name}`)
  })
  return new Set(pairs)
}
