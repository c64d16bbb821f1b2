/** The roles of a running instance: what a login needs to know of one, and whom roles are bound to. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { formatIdentityBinding, parseIdentityBinding } from '../domain/identity-binding.ts'
import { IDENTITY_TYPES } from '../domain/identity.ts'
import type { IdentityId, RoleOid } from '../domain/ids.ts'
import { Redacted } from '../domain/redacted.ts'
import type { RoleFacts } from '../domain/role.ts'
import { askTogether } from '../operations/ask-together.ts'
import type { InstanceRoles } from '../operations/ports/instance-roles.ts'
import { isDataException } from '../protocol/sqlstate.ts'
import { placeOf, type AdministrativeConnections } from './administrative-connections.ts'
import { roleBindingsOf, type RoleBindingCatalog } from './role-bindings.ts'

interface RoleRow {
  readonly question: number
  readonly oid: string
  readonly name: string
  readonly can_log_in: boolean
  readonly is_superuser: boolean
  readonly valid_until: Date | null
  readonly connection_limit: number
  readonly has_password: boolean
  readonly scram_verifier: string | null
  readonly label: string | null
}

/** Two index look-ups for each name, whatever the number of roles; `infinity` counts as no limit. */
const roleFacts = ({ roles, hasPassword, scramVerifier, joinLabel }: RoleBindingCatalog) => ({
  name: 'role_facts',
  text: `
    SELECT asked.question::pg_catalog.int4, facts.*
      FROM pg_catalog.unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS asked (name, question)
     CROSS JOIN LATERAL (
       SELECT role.oid::text AS oid, role.rolname AS name, role.rolcanlogin AS can_log_in,
              role.rolsuper AS is_superuser,
              CASE WHEN pg_catalog.isfinite(role.rolvaliduntil) THEN role.rolvaliduntil END AS valid_until,
              role.rolconnlimit AS connection_limit, ${hasPassword} AS has_password,
              ${scramVerifier} AS scram_verifier, label.label
         FROM ${roles} AS role ${joinLabel}
        WHERE role.rolname = asked.name::pg_catalog.name
       OFFSET 0
     ) AS facts`,
})

/** The number of every question whose label is that of a role; one look at the labels for all of them. */
const haveRoles = ({ boundTo }: RoleBindingCatalog) => ({
  name: 'have_roles_bound_to',
  text: `
    SELECT DISTINCT asked.question
      FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.text[]))
           AS asked (question, label)
      ${boundTo}`,
})

type Statements = Readonly<
  Record<'roleFacts' | 'haveRoles', { readonly name: string; readonly text: string }>
>
const STATEMENTS = new Map<RoleBindingCatalog, Statements>()

/** Made once for each kind of catalog: a login builds no text. */
function statementsFor(instance: DatabaseInstance): Statements {
  const catalog = roleBindingsOf(instance)
  const known = STATEMENTS.get(catalog)
  if (known !== undefined) return known
  const made = { roleFacts: roleFacts(catalog), haveRoles: haveRoles(catalog) }
  STATEMENTS.set(catalog, made)
  return made
}

interface RoleQuestion {
  readonly instance: DatabaseInstance
  readonly roleName: string
}

interface BoundQuestion {
  readonly instance: DatabaseInstance
  readonly identityIds: readonly IdentityId[]
}

export function createInstanceRoles(connections: AdministrativeConnections): InstanceRoles {
  const askForFacts = askForRoleFacts(connections)
  const askForBound = askHasRoleBoundTo(connections)
  return {
    loadRoleFacts: (instance, roleName) => askForFacts({ instance, roleName }),
    hasRoleBoundTo: (instance, identityIds) => askForBound({ instance, identityIds }),
  }
}

/** Logins of one moment to one instance share the question (operations/ask-together.ts). */
const askForRoleFacts = (connections: AdministrativeConnections) =>
  askTogether(
    async (questions: readonly RoleQuestion[]): Promise<readonly (RoleFacts | undefined)[]> => {
      const [first] = questions
      if (first === undefined) return []
      const names = questions.map(({ roleName }) => roleName)
      const rows = await connections
        .query<RoleRow>(first.instance, statementsFor(first.instance).roleFacts, [names])
        .catch((error: unknown) => {
          // What the encoding of the database cannot even spell is the name of no role.
          if (names.length === 1 && isDataException(error)) return []
          throw error
        })
      const found = new Map(rows.map((row) => [row.question, row]))
      return questions.map(({ roleName }, index) => {
        const row = found.get(index + 1)
        // `name` cuts at 63 bytes: a longer name must not stand for the role that shares its beginning.
        return row?.name === roleName ? factsOf(row) : undefined
      })
    },
    {
      keyOf: ({ roleName }) => roleName,
      laneOf: laneOfInstance,
      largestBatch: 100,
      mostUnderWay: 1,
      isAboutOne: isDataException,
    },
  )

const factsOf = (row: RoleRow): RoleFacts => ({
  oid: row.oid as RoleOid,
  name: row.name,
  canLogIn: row.can_log_in,
  isSuperuser: row.is_superuser,
  validUntil: row.valid_until ?? undefined,
  connectionLimit: row.connection_limit,
  binding: row.label === null ? undefined : parseIdentityBinding(row.label),
  hasPassword: row.has_password,
  scramVerifier: row.scram_verifier === null ? undefined : new Redacted(row.scram_verifier),
})

/** An instance that moved is another one: its questions reach it by another connection. */
const laneOfInstance = ({ instance }: { readonly instance: DatabaseInstance }): string =>
  `${instance.uid} ${placeOf(instance.backend) ?? ''}`

/** Those of one moment and one instance become one query (operations/ask-together.ts). */
const askHasRoleBoundTo = (connections: AdministrativeConnections) =>
  askTogether(
    async (questions: readonly BoundQuestion[]): Promise<readonly boolean[]> => {
      const [first] = questions
      if (first === undefined) return []
      const asked = questions.flatMap(({ identityIds }, question) =>
        identityIds.flatMap((id) =>
          IDENTITY_TYPES.map((type) => ({ question, label: formatIdentityBinding({ id, type }) })),
        ),
      )
      const rows = await connections.query<{ question: number }>(
        first.instance,
        statementsFor(first.instance).haveRoles,
        [asked.map(({ question }) => question), asked.map(({ label }) => label)],
      )
      const found = new Set(rows.map(({ question }) => question))
      return questions.map((_question, index) => found.has(index))
    },
    {
      keyOf: ({ identityIds }) => identityIds.join(' '),
      laneOf: laneOfInstance,
      largestBatch: 100,
      mostUnderWay: 1,
      isAboutOne: () => false,
    },
  )
