/**
 * Removes what Lakegate put into an attached cluster (docs/attached-instances.md), if the deletion asked for it. Roles
 * of identities stay, with their objects and privileges; an object on which others depend is not dropped.
 */
import type pg from 'pg'
import { Fault } from '../../domain/fault.ts'
import type { RoleOid } from '../../domain/ids.ts'
import { DATABRICKS_SUPERUSER } from '../../domain/role.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'
import { findClaimReaders, type ClaimReader } from '../claim-readers.ts'
import { inTransaction } from '../in-transaction.ts'
import { standingOf } from '../own-roles.ts'
import { isDenied, isDependency, sentenceOf } from '../postgresql-errors.ts'
import { inEveryDatabase, type DatabaseFailure } from '../walk-databases.ts'
import { dropBindingTable } from './binding-table.ts'
import type { AttachedInstance } from './connect-to-primary.ts'
import { dropStandIn } from './install-functions.ts'
import { showInDump } from './hide-from-dump.ts'

/** What `rolpassword` of a role contains unless somebody else changed it. */
export interface ManagedVerifier {
  readonly roleOid: RoleOid
  readonly verifier: string
}

const TIMEOUT_MS = 60_000

/**
 * Functions that the scripts of databricks_auth made. They bind by name what they call, so no dependency shows that
 * they belong to the schema. With their arguments: another function of that name is not ours.
 */
const FUNCTIONS = [
  'public.databricks_create_role(pg_catalog.text, pg_catalog.text)',
  'public.databricks_session_identity()',
  'public.databricks_set_role_label(pg_catalog.text, pg_catalog.text)',
  'pg_catalog.databricks_open_claims(pg_catalog.text)',
]

/**
 * @returns the roles that were bound to an identity and keep a password that somebody set, as far as a superuser can
 * see that: from now on that password works wherever the rules of the cluster allow it
 * @throws Fault lakegate_objects_in_use; only the readers of claims have been dropped then
 */
export async function removeObjects(
  access: AdministrativeAccess,
  instance: AttachedInstance,
  verifiers: readonly ManagedVerifier[],
): Promise<readonly string[]> {
  const { database } = instance.backend.cluster
  try {
    await removeReaders(access, instance)
    return await access.inSession(instance, database, TIMEOUT_MS, (client) =>
      inTransaction(client, async () => {
        const superuserRole = await standingOf(client, instance, DATABRICKS_SUPERUSER, { alone: false })
        let withPasswords: readonly string[] = []
        if (await isSuperuser(client)) {
          await removePasswords(client, verifiers)
          withPasswords = await labelledWithPassword(client)
          await client.query(
            `DELETE FROM pg_catalog.pg_shseclabel
              WHERE classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                AND provider IN ('databricks_auth', 'databricks_claims', 'lakegate')`,
          )
          await dropFunctions(client)
        }
        await dropStandIn(client)
        await dropBindingTable(client)
        // A role of this name that somebody else made is not ours to drop. For a non-superuser, PostgreSQL itself
        // prevents that.
        if (superuserRole !== 'a stranger’s' || !(await isSuperuser(client)))
          await dropUnlessUsed(client, DATABRICKS_SUPERUSER)
        return withPasswords
      }),
    )
  } catch (error) {
    throw isDependency(error) ? inUse(instance, error) : error
  }
}

async function isSuperuser(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper',
  )
  return rowCount !== 0
}

/** Passwords that somebody else set since are not removed; only a superuser can tell the difference. */
async function removePasswords(client: pg.Client, verifiers: readonly ManagedVerifier[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT role.rolname AS name
       FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.text[]))
            AS managed (role_oid, verifier)
       JOIN pg_catalog.pg_authid AS role ON role.oid = managed.role_oid AND role.rolpassword = managed.verifier`,
    [verifiers.map(({ roleOid }) => roleOid), verifiers.map(({ verifier }) => verifier)],
  )
  for (const { name } of rows) await client.query(`ALTER ROLE ${client.escapeIdentifier(name)} PASSWORD NULL`)
}

async function labelledWithPassword(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT role.rolname AS name
       FROM pg_catalog.pg_shseclabel AS label JOIN pg_catalog.pg_authid AS role ON role.oid = label.objoid
      WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
        AND role.rolpassword IS NOT NULL
      ORDER BY role.rolname`,
  )
  return rows.map(({ name }) => name)
}

/**
 * Drops the functions that Lakegate installed, which the comment on their schema shows; an extension databricks_auth
 * belongs to the operator.
 */
async function dropFunctions(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_namespace
      WHERE nspname = 'databricks_auth' AND pg_catalog.obj_description(oid, 'pg_namespace') ~ '^lakegate [0-9.]+$'`,
  )
  if (rowCount === 0) return
  await showInDump(client)
  const { rows } = await client.query<{ signature: string }>(
    // A function of that name that somebody other than a superuser created since is not ours to drop.
    `SELECT pg_catalog.format('%I.%I(%s)', namespace.nspname, function.proname,
              pg_catalog.pg_get_function_identity_arguments(function.oid)) AS signature
       FROM pg_catalog.pg_proc AS function
       JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = function.pronamespace
       JOIN pg_catalog.pg_roles AS owner ON owner.oid = function.proowner AND owner.rolsuper
      WHERE function.oid = ANY (ARRAY(
              SELECT pg_catalog.to_regprocedure(signature) FROM pg_catalog.unnest($1::pg_catalog.text[]) AS signature))`,
    [FUNCTIONS],
  )
  await dropOwnView(client)
  if (rows.length > 0)
    await client.query(`DROP FUNCTION ${rows.map(({ signature }) => signature).join(', ')} RESTRICT`)
  // Only superusers could make anything depend on its contents, except for the event trigger, which is dropped as well.
  await client.query('DROP SCHEMA databricks_auth CASCADE')
}

async function dropOwnView(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_class AS class
       JOIN pg_catalog.pg_roles AS owner ON owner.oid = class.relowner AND owner.rolsuper
      WHERE class.oid = pg_catalog.to_regclass('public.databricks_list_roles') AND class.relkind = 'v'`,
  )
  if (rowCount !== 0) await client.query('DROP VIEW public.databricks_list_roles')
}

/** A role stays if somebody granted privileges to it, or if the administrative role may not drop it. */
async function dropUnlessUsed(client: pg.Client, role: string): Promise<void> {
  await client.query('SAVEPOINT before_drop')
  try {
    await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(role)}`)
  } catch (error) {
    if (!isDependency(error) && !isDenied(error)) throw error
    await client.query('ROLLBACK TO SAVEPOINT before_drop')
  }
}

/**
 * Drops the roles as which sessions with claims continued. They hold grants in the databases of their tables. If a
 * reader owns anything, which is not expected, the role for which it reads gets it; if that is not possible, the reader
 * stays.
 */
async function removeReaders(access: AdministrativeAccess, instance: AttachedInstance): Promise<void> {
  const { database } = instance.backend.cluster
  const readers = await access.inSession(instance, database, TIMEOUT_MS, async (client) =>
    (await isSuperuser(client)) ? findClaimReaders(client) : [],
  )
  if (readers.length === 0) return
  const holding = readers.map(({ oid }) => oid)
  const failures = await inEveryDatabase({ access, instance, timeoutMs: TIMEOUT_MS, holding }, (client) =>
    inTransaction(client, async () => {
      for (const reader of readers) await takeFrom(client, reader)
    }),
  )
  await access
    .inSession(instance, database, TIMEOUT_MS, async (client) => {
      for (const { name } of readers) await client.query(`DROP ROLE ${client.escapeIdentifier(name)}`)
    })
    .catch((error: unknown) => {
      throw isDependency(error) ? inUse(instance, error, failures) : error
    })
}

async function takeFrom(client: pg.Client, { oid, name, readsFor }: ClaimReader): Promise<void> {
  const { rows } = await client.query<{ heir: string | null; owns: boolean }>(
    `SELECT (SELECT rolname FROM pg_catalog.pg_roles WHERE oid::pg_catalog.text = $2) AS heir,
            EXISTS (SELECT FROM pg_catalog.pg_shdepend
                     WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                       AND refobjid = $1 AND deptype = 'o') AS owns`,
    [oid, readsFor],
  )
  const heir = rows[0]?.heir ?? undefined
  const reader = client.escapeIdentifier(name)
  if (heir !== undefined)
    await client.query(`REASSIGN OWNED BY ${reader} TO ${client.escapeIdentifier(heir)}`)
  else if (rows[0]?.owns === true) return
  await client.query(`DROP OWNED BY ${reader}`)
}

function inUse(
  { name }: AttachedInstance,
  cause: Error & { readonly detail?: string },
  failures: readonly DatabaseFailure[] = [],
): Fault {
  const where = failures.map(
    ({ database, error }) => ` In the database ${JSON.stringify(database)}: ${sentenceOf(error)}`,
  )
  return new Fault({
    code: 'lakegate_objects_in_use',
    origin: 'configuration',
    message: `What Lakegate put into the cluster of ${name} is in use: ${cause.detail ?? cause.message}.${where.join('')}`,
    nextStep:
      'Drop what depends on it, or repeat the deletion without remove_objects, which leaves everything there.',
    cause,
  })
}
