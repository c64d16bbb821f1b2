/**
 * What Lakegate puts into an attached cluster, and all of it (docs/attached-instances.md): the role databricks_superuser,
 * the role of whoever attached it, and in the named database the schema databricks_auth. Each step can be repeated.
 */
import type pg from 'pg'
import { formatIdentityBinding } from '../../domain/identity-binding.ts'
import type { Principal } from '../../domain/identity.ts'
import { Fault } from '../../domain/fault.ts'
import { DATABRICKS_SUPERUSER } from '../../domain/role.ts'
import { LONGEST_NAME } from '../../protocol/limits.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'
import { inTransaction } from '../in-transaction.ts'
import { ensureSystemRole } from '../own-roles.ts'
import { sentenceOf } from '../postgresql-errors.ts'
import { bindRole, roleBindingsOf } from '../role-bindings.ts'
import type { AttachedInstance } from './connect-to-primary.ts'
import { installFunctions } from './install-functions.ts'

const TIMEOUT_MS = 60_000

export async function prepareAttached(
  access: AdministrativeAccess,
  instance: AttachedInstance,
  owner: Principal | undefined,
): Promise<readonly Fault[]> {
  const { cluster } = instance.backend
  const catalog = roleBindingsOf(instance)
  return access.inSession(instance, cluster.database, TIMEOUT_MS, async (client) => {
    const problems: Fault[] = []
    await inTransaction(client, async () => {
      if (catalog.kind === 'table') await createBindingTable(client)
      // Made together with the owner's role, so that its being there tells that the owner had one: a role that was
      // dropped since stays dropped.
      if ((await ensureSystemRole(client, instance, DATABRICKS_SUPERUSER, { alone: false })) !== 'made')
        return
      if (owner === undefined || !isFree(owner.name) || (await roleExists(client, owner.name))) return
      await client.query(`CREATE ROLE ${client.escapeIdentifier(owner.name)} LOGIN INHERIT`)
      await bindRole(client, catalog, owner.name, formatIdentityBinding(owner), { isNew: true })
    }).catch(collectTaken(problems))
    await installFunctions(client, instance.pgMajorVersion ?? 0, catalog.kind === 'shared_catalog').catch(
      collectFunctionsMissing(problems, instance),
    )
    return problems
  })
}

const isFree = (name: string): boolean =>
  Buffer.byteLength(name, 'utf8') <= LONGEST_NAME && !/^(pg|databricks)_/.test(name)

/** The rest works without the role databricks_superuser, which is given to nobody then. */
const collectTaken = (problems: Fault[]) => (error: unknown) => {
  if (!(error instanceof Fault) || error.code !== 'system_role_taken') throw error
  problems.push(error)
}

/** Logins work without the functions; whoever owns the database may stand in their way, by a lock above all. */
const collectFunctionsMissing =
  (problems: Fault[], { name, backend }: AttachedInstance) =>
  (error: unknown) => {
    problems.push(
      error instanceof Fault
        ? error
        : new Fault({
            code: 'functions_not_installed',
            origin: 'instance',
            message: `The functions of databricks_auth cannot be put into the database ${JSON.stringify(backend.cluster.database)} of ${name}: ${sentenceOf(error)}`,
            nextStep:
              'Logins work. Put that right; Lakegate tries again every minute, and at the next start.',
            retryable: true,
            cause: error,
          }),
    )
  }

async function roleExists(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [name])
  return rowCount !== 0
}

/**
 * Whoever may write this table decides who logs in as whom. One that somebody else made, or may change, is not used.
 * Roles that are members of the administrative role may do all that it may, here as everywhere.
 */
async function createBindingTable(client: pg.Client): Promise<void> {
  await client.query('CREATE SCHEMA IF NOT EXISTS databricks_auth')
  await requireOwn(
    client,
    "SELECT nspowner AS owner FROM pg_catalog.pg_namespace WHERE nspname = 'databricks_auth'",
  )
  await client.query('REVOKE ALL ON SCHEMA databricks_auth FROM PUBLIC')
  await client.query(`
    CREATE TABLE IF NOT EXISTS databricks_auth.role_binding (
      role_oid oid PRIMARY KEY,
      role_name name NOT NULL,
      label text NOT NULL,
      made_by_lakegate boolean NOT NULL
    )`)
  await requireOwn(
    client,
    "SELECT relowner AS owner FROM pg_catalog.pg_class WHERE oid = 'databricks_auth.role_binding'::pg_catalog.regclass",
  )
  await client.query('REVOKE ALL ON databricks_auth.role_binding FROM PUBLIC')
}

async function requireOwn(client: pg.Client, ownerQuery: string): Promise<void> {
  const { rows } = await client.query<{ is_own: boolean }>(
    `SELECT owner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_own
       FROM (${ownerQuery}) AS found`,
  )
  if (rows.length > 0 && rows.every((row) => row.is_own)) return
  throw new Fault({
    code: 'administrative_schema_taken',
    origin: 'configuration',
    message:
      'The schema databricks_auth, or its table role_binding, belongs to another role than the administrative one.',
    nextStep: 'Drop it or rename it, or name another database in attached.database.',
  })
}
