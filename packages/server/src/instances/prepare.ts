/**
 * What every instance starts with (behaviours 54–56): the system roles, databricks_auth in template1 and therefore in
 * every database made from it, the owner's role and the database that it owns. Every step can be repeated, except that
 * the owner's database is set up only once, so that later changes by its owner stay.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { Principal } from '../domain/identity.ts'
import {
  CONTROL_PLANE_ROLE,
  DATABRICKS_SUPERUSER,
  GATEWAY_ROLE,
  INITIAL_DATABASE,
  MONITOR_ROLE,
} from '../domain/role.ts'
import type { AdministrativeAccess } from './administrative-client.ts'
import { inTransaction } from './in-transaction.ts'
import { adoptOwnerRole, ensureOwnerRole } from './owner-role.ts'
import { ensureSystemRole } from './own-roles.ts'
import { sentenceOf } from './postgresql-errors.ts'
import { inEveryDatabase, type DatabaseFailure } from './walk-databases.ts'

/** Copying a template database takes longer than the queries of a login. */
const PREPARATION_TIMEOUT_MS = 60_000

/**
 * Where `databricks_create_role` reaches the control plane; stored cluster-wide, where only a superuser can change it.
 */
const CONTROL_PLANE_SETTING = 'databricks_auth.control_plane'

/** Limit for one statement in a user's database; updating databricks_auth takes a fraction of a second. */
const UPDATE_TIMEOUT_MS = 10_000

export interface Preparation {
  readonly owner: Principal | undefined
  readonly controlPlaneConninfo: string
  /** Databases, by object id, whose preparation failed last time: they are prepared last. */
  readonly failedBefore: ReadonlySet<string>
}

export interface Prepared {
  /** The parts of the instance that could not be prepared; everything else works. */
  readonly problems: readonly Fault[]
  readonly failed: ReadonlySet<string>
}

/** @throws Fault when the whole instance cannot work; never because of a single database */
export async function prepareInstance(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
  { owner, controlPlaneConninfo, failedBefore }: Preparation,
): Promise<Prepared> {
  const problems: Fault[] = []
  await inDatabase(access, instance, 'postgres', async (client) => {
    await createSystemRoles(client, instance)
    await tellControlPlane(client, controlPlaneConninfo)
  })
  await collect(problems, templateProblem, () => inDatabase(access, instance, 'template1', installExtension))
  await collect(problems, initialDatabaseProblem, () =>
    inDatabase(access, instance, 'postgres', async (client) => {
      if (!(await databaseExists(client))) {
        const made = owner === undefined ? undefined : await ensureOwnerRole(client, instance, owner)
        if (made instanceof Fault) problems.push(made)
        await createInitialDatabase(client, made instanceof Fault ? undefined : made)
      }
      await grantInitialDatabase(client)
      for (const role of await rolesOfInitialDatabase(client))
        await collect(
          problems,
          (error) => (error instanceof Fault ? error : undefined),
          () => inTransaction(client, () => ensureSystemRole(client, instance, role, { alone: true })),
        )
    }),
  )
  const failures = await inEveryDatabase(
    { access, instance, timeoutMs: UPDATE_TIMEOUT_MS, last: failedBefore },
    updateExtension,
  )
  return {
    problems: [...problems, ...failures.map(databaseProblem)],
    failed: new Set(failures.map(({ oid }) => oid)),
  }
}

/** @param explain returns undefined for an error that is a bug of ours */
async function collect(
  problems: Fault[],
  explain: (error: unknown) => Fault | undefined,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const problem = explain(error)
    if (problem === undefined) throw error
    problems.push(problem)
  }
}

async function installExtension(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth'",
  )
  if (rowCount === 0) await client.query('CREATE EXTENSION databricks_auth')
  else await updateExtension(client)
}

/** The versions whose functions determined the caller from the session (docs/security-model.md). */
const UNSAFE_VERSIONS: readonly string[] = ['1.0', '1.1', '1.2']

/**
 * Applies also where a user installed the extension: an instance made by an earlier version gets the functions of this
 * one. A current version needs no statement, and therefore no lock.
 */
async function updateExtension(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT installed.extversion AS version FROM pg_catalog.pg_extension AS installed
       JOIN pg_catalog.pg_available_extensions AS available ON available.name = installed.extname
      WHERE installed.extname = 'databricks_auth' AND installed.extversion <> available.default_version`,
  )
  const [installed] = rows
  if (installed === undefined) return
  // A separate statement, because the later scripts need locks that an open session can hold for long.
  if (UNSAFE_VERSIONS.includes(installed.version)) {
    try {
      await client.query("ALTER EXTENSION databricks_auth UPDATE TO '1.3'")
    } catch (error) {
      await closeOldFunctions(client)
      throw error
    }
  }
  await client.query('ALTER EXTENSION databricks_auth UPDATE')
}

/**
 * The owner of a database can prevent the update, but must not be able to keep the vulnerable functions that way: the
 * function from which they learn the caller is replaced by one that only raises an error.
 */
async function closeOldFunctions(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT WHERE pg_catalog.to_regprocedure('databricks_auth.calling_role()') IS NOT NULL",
  )
  if (rowCount === 0) return
  await client.query(`
    CREATE OR REPLACE FUNCTION databricks_auth.calling_role() RETURNS pg_catalog.oid
      LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        RAISE EXCEPTION 'databricks_auth could not be updated in this database'
          USING ERRCODE = '0A000', HINT = 'See status_message of the database instance.';
      END $$`)
}

const WHAT_NOW =
  'Everything else of the instance works. Remove the cause; Lakegate tries again every minute, and at the next start.'

const problemOf = (code: string, what: string, cause: unknown): Fault =>
  new Fault({
    code,
    origin: 'instance',
    message: `${what}: ${sentenceOf(cause)}`,
    nextStep:
      cause instanceof Fault && cause.nextStep !== undefined ? `${cause.nextStep} ${WHAT_NOW}` : WHAT_NOW,
    retryable: true,
    cause,
  })

const databaseProblem = ({ database, error }: DatabaseFailure): Fault =>
  problemOf('database_not_prepared', `The database ${JSON.stringify(database)} cannot be prepared`, error)

const templateProblem = (error: unknown): Fault =>
  problemOf(
    'template_not_prepared',
    'template1, which new databases are copied from, cannot be prepared',
    error,
  )

const initialDatabaseProblem = (error: unknown): Fault =>
  problemOf('initial_database_not_made', `The database ${INITIAL_DATABASE} cannot be made`, error)

const inDatabase = <Result>(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => access.inSession(instance, database, PREPARATION_TIMEOUT_MS, work)

async function createSystemRoles(client: pg.Client, instance: DatabaseInstance): Promise<void> {
  await inTransaction(client, async () => {
    for (const role of [CONTROL_PLANE_ROLE, MONITOR_ROLE, GATEWAY_ROLE])
      await ensureSystemRole(client, instance, role, { alone: false })
    const known = await ensureSystemRole(client, instance, DATABRICKS_SUPERUSER, { alone: false })
    if (known === 'marked') await adoptOwnerRole(client, instance)
    // behaviour 55
    for (const predefined of ['pg_read_all_data', 'pg_write_all_data', 'pg_monitor'])
      await grantIfMissing(client, predefined, DATABRICKS_SUPERUSER)
    await grantIfMissing(client, 'pg_monitor', MONITOR_ROLE)
  })
}

/** A membership that exists already needs no statement, and therefore no lock. */
async function grantIfMissing(client: pg.Client, role: string, member: string): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_auth_members
      WHERE roleid = $1::pg_catalog.regrole AND member = $2::pg_catalog.regrole AND inherit_option`,
    [role, member],
  )
  if (rowCount === 0) await client.query(`GRANT ${role} TO ${member} WITH INHERIT TRUE`)
}

async function tellControlPlane(client: pg.Client, conninfo: string): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_db_role_setting
      WHERE setdatabase = 0 AND setrole = $1::pg_catalog.regrole AND $2 = ANY (setconfig)`,
    [CONTROL_PLANE_ROLE, `${CONTROL_PLANE_SETTING}=${conninfo}`],
  )
  if (rowCount !== 0) return
  await client.query(
    `ALTER ROLE ${CONTROL_PLANE_ROLE} SET ${CONTROL_PLANE_SETTING} = ${client.escapeLiteral(conninfo)}`,
  )
}

async function createInitialDatabase(client: pg.Client, ownerRole: string | undefined): Promise<void> {
  const ownedBy = ownerRole === undefined ? DATABRICKS_SUPERUSER : client.escapeIdentifier(ownerRole)
  await client.query(`CREATE DATABASE ${INITIAL_DATABASE} OWNER ${ownedBy} TEMPLATE template1`)
}

/**
 * CREATE DATABASE runs in no transaction, so an earlier start may have ended before this. A database on which anybody has
 * granted or revoked anything since is left as it is: `datacl` is null until then.
 */
async function grantInitialDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND datacl IS NULL',
    [INITIAL_DATABASE],
  )
  if (rowCount === 0) return
  await client.query(`GRANT ALL ON DATABASE ${INITIAL_DATABASE} TO ${DATABRICKS_SUPERUSER} WITH GRANT OPTION`)
}

/** behaviour 56: one reader and one writer for each database, named by its object id. */
async function rolesOfInitialDatabase(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [INITIAL_DATABASE],
  )
  return rows.flatMap(({ oid }) => [`databricks_writer_${oid}`, `databricks_reader_${oid}`])
}

async function databaseExists(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
    INITIAL_DATABASE,
  ])
  return rowCount !== 0
}
