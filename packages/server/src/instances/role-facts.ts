/** The roles of a running instance: what a login needs to know about one, and whom roles are bound to. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { formatIdentityBinding } from '../domain/identity-binding.ts'
import { IDENTITY_TYPES } from '../domain/identity.ts'
import type { IdentityId, RoleOid } from '../domain/ids.ts'
import { Redacted } from '../domain/redacted.ts'
import type { RoleFacts } from '../domain/role.ts'
import { askTogether, type TogetherOptions } from '../operations/ask-together.ts'
import type { InstanceRoles } from '../operations/ports/instance-roles.ts'
import type { KeptBinding, RoleBindingStore } from '../operations/ports/role-bindings.ts'
import { isDataException } from '../protocol/sqlstate.ts'
import { placeOf, type AdministrativeConnections } from './administrative-connections.ts'
import { DATABASE_OF_ROLE, databaseFactsOf, type DatabaseRow } from './database-facts.ts'
import { bindingOfRole, roleBindingsOf, type RoleBindingCatalog } from './role-bindings.ts'

interface RoleRow extends DatabaseRow {
  readonly question: number
  readonly oid: RoleOid
  readonly name: string
  readonly can_log_in: boolean
  readonly is_superuser: boolean
  readonly valid_until: Date | null
  readonly connection_limit: number
  readonly has_password: boolean
  readonly scram_verifier: string | null
  readonly label: string | null
}

/**
 * Two index look-ups for each name, however many roles there are, and a few more when a database is named. `infinity`
 * counts as no limit.
 */
const roleFacts = ({ roles, hasPassword, scramVerifier, label, joinLabel }: RoleBindingCatalog) => ({
  name: 'role_facts',
  text: `
    SELECT asked.question::pg_catalog.int4, facts.*, database.*
      FROM ROWS FROM (pg_catalog.unnest((SELECT $1::pg_catalog.text[])),
                      pg_catalog.unnest((SELECT $2::pg_catalog.text[])))
           WITH ORDINALITY AS asked (name, database, question)
     CROSS JOIN LATERAL (
       SELECT role.oid::text AS oid, role.rolname AS name, role.rolcanlogin AS can_log_in,
              role.rolsuper AS is_superuser,
              CASE WHEN pg_catalog.isfinite(role.rolvaliduntil) THEN role.rolvaliduntil END AS valid_until,
              role.rolconnlimit AS connection_limit, ${hasPassword} AS has_password,
              ${scramVerifier} AS scram_verifier, ${label} AS label
         FROM ${roles} AS role ${joinLabel}
        WHERE role.rolname = asked.name::pg_catalog.name
       OFFSET 0
     ) AS facts ${DATABASE_OF_ROLE}`,
})

/** The numbers of those questions for whose label there is a role; one look-up answers all of them. */
const HAVE_LABELLED_ROLES = {
  name: 'have_roles_bound_to',
  text: `
    SELECT DISTINCT asked.question
      FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.text[]))
           AS asked (question, label)
      JOIN pg_catalog.pg_shseclabel AS label
        ON label.label OPERATOR(pg_catalog.=) asked.label COLLATE pg_catalog."C"
       AND label.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND label.provider OPERATOR(pg_catalog.=) 'databricks_auth'`,
}

/** The names of roles that have one of the given labels. */
const NAMES_OF_LABELLED_ROLES = {
  name: 'names_of_roles_bound_to',
  text: `
    SELECT role.rolname::pg_catalog.text AS name
      FROM pg_catalog.pg_shseclabel AS label
      JOIN pg_catalog.pg_roles AS role ON role.oid OPERATOR(pg_catalog.=) label.objoid
     WHERE label.label OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[] COLLATE "C")
       AND label.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND label.provider OPERATOR(pg_catalog.=) 'databricks_auth'
     ORDER BY role.rolname
     LIMIT $2::pg_catalog.int4`,
}

/** The given roles that still exist under both object id and name. */
const ROLES_BY_OID_AND_NAME = {
  name: 'roles_by_oid_and_name',
  text: `
    SELECT role.oid::pg_catalog.text AS oid, role.rolname::pg_catalog.text AS name
      FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.text[]))
           AS asked (oid, name)
      JOIN pg_catalog.pg_roles AS role
        ON role.oid OPERATOR(pg_catalog.=) asked.oid
       AND role.rolname OPERATOR(pg_catalog.=) asked.name::pg_catalog.name`,
}

const STATEMENTS = new Map<RoleBindingCatalog, ReturnType<typeof roleFacts>>()

/** Built once for each kind of catalog, so that a login builds no SQL text. */
function roleFactsStatement(catalog: RoleBindingCatalog): ReturnType<typeof roleFacts> {
  const known = STATEMENTS.get(catalog)
  if (known !== undefined) return known
  const made = roleFacts(catalog)
  STATEMENTS.set(catalog, made)
  return made
}

interface RoleQuestion {
  readonly instance: DatabaseInstance
  readonly roleName: string
  readonly database: string | undefined
}

interface BoundQuestion {
  readonly instance: DatabaseInstance
  readonly identityIds: readonly IdentityId[]
}

export function createInstanceRoles(
  connections: AdministrativeConnections,
  bindings: Pick<RoleBindingStore, 'loadBinding' | 'listBoundTo'>,
): InstanceRoles {
  const askForRow = askForRoleRow(connections)
  const askForLabelled = askHasLabelledRole(connections)
  const askForKept = askHasKeptRole(connections, bindings)
  return {
    async loadRoleFacts(instance, roleName, database) {
      const isKept = roleBindingsOf(instance).kind === 'system_database'
      // Queried in parallel: a login waits for the slower of the two, not for both.
      const [row, kept] = await Promise.all([
        askForRow({ instance, roleName, database }),
        isKept ? loadKept(bindings, instance, roleName) : undefined,
      ])
      return row === undefined ? undefined : factsOf(row, kept)
    },
    hasRoleBoundTo: async (instance, identityIds) =>
      roleBindingsOf(instance).kind === 'system_database'
        ? askForKept({ instance, identityIds })
        : askForLabelled({ instance, identityIds }),
    async listRoleNamesBoundTo(instance, identityIds, atMost) {
      if (roleBindingsOf(instance).kind === 'system_database') {
        const kept = await bindings.listBoundTo(instance.uid, identityIds)
        const names = (await rolesStillThere(connections, instance, kept)).map(({ name }) => name)
        return names.sort().slice(0, atMost)
      }
      const rows = await connections.query<{ name: string }>(instance, NAMES_OF_LABELLED_ROLES, [
        identityIds.flatMap(labelsOf),
        atMost,
      ])
      return rows.map(({ name }) => name)
    },
  }
}

/** All labels that bind a role to the identity, one for each type; the policy judges which type it has. */
const labelsOf = (id: IdentityId): readonly string[] =>
  IDENTITY_TYPES.map((type) => formatIdentityBinding({ id, type }))

async function rolesStillThere(
  connections: AdministrativeConnections,
  instance: DatabaseInstance,
  kept: readonly KeptBinding[],
): Promise<readonly { readonly oid: string; readonly name: string }[]> {
  if (kept.length === 0) return []
  return connections.query<{ oid: string; name: string }>(instance, ROLES_BY_OID_AND_NAME, [
    kept.map(({ role }) => role.oid),
    kept.map(({ role }) => role.name),
  ])
}

async function loadKept(
  bindings: Pick<RoleBindingStore, 'loadBinding'>,
  { uid }: DatabaseInstance,
  roleName: string,
): Promise<KeptBinding | undefined> {
  try {
    return await bindings.loadBinding(uid, roleName)
  } catch (error) {
    // A name that the system database cannot encode was never stored there.
    if (isDataException(error)) return undefined
    throw error
  }
}

/** Concurrent logins to one instance share one query (operations/ask-together.ts). */
const askForRoleRow = (connections: AdministrativeConnections) => {
  const ask = async (questions: readonly RoleQuestion[]): Promise<readonly (RoleRow | undefined)[]> => {
    const [first] = questions
    if (first === undefined) return []
    const rows = await connections
      .query<RoleRow>(first.instance, roleFactsStatement(roleBindingsOf(first.instance)), [
        questions.map(({ roleName }) => roleName),
        questions.map(({ database }) => database ?? null),
      ])
      .catch(async (error: unknown) => {
        if (questions.length > 1 || !isDataException(error)) throw error
        // A name that the encoding of the database cannot represent belongs to no role and to no database.
        if (first.database === undefined) return []
        const [row] = await ask([{ ...first, database: undefined }])
        return row === undefined ? [] : [row]
      })
    const found = new Map(rows.map((row) => [row.question, row]))
    return questions.map(({ roleName }, index) => {
      const row = found.get(index + 1)
      // The type `name` truncates at 63 bytes: a longer name must not match the role that has its beginning.
      return row?.name === roleName ? row : undefined
    })
  }
  return askTogether(ask, {
    keyOf: ({ roleName, database }) => `${roleName}\0${database ?? ''}`,
    laneOf: laneOfInstance,
    largestBatch: 100,
    mostUnderWay: 1,
    isAboutOne: isDataException,
  })
}

const factsOf = (row: RoleRow, kept: KeptBinding | undefined): RoleFacts => ({
  oid: row.oid,
  name: row.name,
  canLogIn: row.can_log_in,
  isSuperuser: row.is_superuser,
  validUntil: row.valid_until ?? undefined,
  connectionLimit: row.connection_limit,
  binding: bindingOfRole(row, kept),
  hasPassword: row.has_password,
  scramVerifier: row.scram_verifier === null ? undefined : new Redacted(row.scram_verifier),
  database: databaseFactsOf(row),
})

/** An instance that moved counts as a different one: its queries use another connection. */
const laneOfInstance = ({ instance }: { readonly instance: DatabaseInstance }): string =>
  `${instance.uid} ${placeOf(instance.backend) ?? ''}`

/** Concurrent questions about one instance become one query (operations/ask-together.ts). */
const askHasLabelledRole = (connections: AdministrativeConnections) =>
  askTogether(async (questions: readonly BoundQuestion[]): Promise<readonly boolean[]> => {
    const [first] = questions
    if (first === undefined) return []
    const asked = questions.flatMap(({ identityIds }, question) =>
      identityIds.flatMap((id) => labelsOf(id).map((label) => ({ question, label }))),
    )
    const rows = await connections.query<{ question: number }>(first.instance, HAVE_LABELLED_ROLES, [
      asked.map(({ question }) => question),
      asked.map(({ label }) => label),
    ])
    const found = new Set(rows.map(({ question }) => question))
    return questions.map((_question, index) => found.has(index))
  }, ABOUT_IDENTITIES)

/**
 * Asks the system database first, and the cluster only when roles are found: they may have been dropped or renamed
 * there.
 */
const askHasKeptRole = (
  connections: AdministrativeConnections,
  bindings: Pick<RoleBindingStore, 'listBoundTo'>,
) =>
  askTogether(async (questions: readonly BoundQuestion[]): Promise<readonly boolean[]> => {
    const [first] = questions
    if (first === undefined) return []
    const asked = [...new Set(questions.flatMap(({ identityIds }) => identityIds))]
    const kept = await bindings.listBoundTo(first.instance.uid, asked)
    const rows = await rolesStillThere(connections, first.instance, kept)
    const there = new Set(rows.map(({ oid }) => oid))
    const bound = new Set(kept.filter(({ role }) => there.has(role.oid)).map(({ binding }) => binding.id))
    return questions.map(({ identityIds }) => identityIds.some((id) => bound.has(id)))
  }, ABOUT_IDENTITIES)

const ABOUT_IDENTITIES: TogetherOptions<BoundQuestion> = {
  keyOf: ({ identityIds }) => identityIds.join(' '),
  laneOf: laneOfInstance,
  largestBatch: 100,
  mostUnderWay: 1,
  isAboutOne: () => false,
}
