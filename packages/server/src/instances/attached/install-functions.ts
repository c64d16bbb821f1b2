/**
 * Installs the functions of databricks_auth without the extension, whose files cannot be put on somebody else's server:
 * the same scripts, run unchanged. Needs a superuser, PostgreSQL 16 for GRANT … WITH INHERIT, and the library of
 * dblink. Only databricks_create_role cannot work, because the server does not reach the control plane; it says what to
 * use instead.
 */
import type pg from 'pg'
import { Fault } from '../../domain/fault.ts'
import { nextScript } from '../extension-scripts.ts'
import { inTransaction } from '../in-transaction.ts'
import { showInDump, hideFromDump } from './hide-from-dump.ts'

const OLDEST_VERSION = 16

/** These functions are in `public`, where the owner of the database may create functions of the same names. */
const SIGNATURES = [
  'public.databricks_create_role(text,text)',
  'public.databricks_set_role_label(text,text)',
  'public.databricks_session_identity()',
]

/** This comment marks the function that stands in where the others cannot be installed. */
const STAND_IN = 'lakegate: says what to use instead'

const NOT_HERE = `
  RAISE EXCEPTION 'databricks_create_role is not available on an attached instance'
    USING ERRCODE = '0A000',
      DETAIL = 'The server of an attached instance cannot ask Lakegate who the identity is.',
      HINT = 'Make the role with databricks database create-database-instance-role, or with POST '
        '/api/2.0/database/instances/{name}/roles.';`

/**
 * @param client of the administrative role, in the database that gets the functions
 * @param isSuperuser whether the administrative role is a superuser
 */
export async function installFunctions(
  client: pg.Client,
  pgMajorVersion: number,
  isSuperuser: boolean,
): Promise<void> {
  const isInstalled = isSuperuser && pgMajorVersion >= OLDEST_VERSION && (await runScripts(client))
  await inTransaction(client, async () => {
    if (!isInstalled) return putStandIn(client, isSuperuser)
    await client.query(`
      CREATE OR REPLACE FUNCTION databricks_auth.finish_role(new_role text, identity_name text, identity_type text)
        RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN ${NOT_HERE} END $$`)
    return hideFromDump(client)
  })
}

/**
 * The function belongs to the owner of the database, because the owner's dump could not be restored if it belonged to
 * anybody else. So only a superuser or the owner can create it, and nobody where a function of this name exists
 * already.
 */
async function putStandIn(client: pg.Client, isSuperuser: boolean): Promise<void> {
  const { rows } = await client.query<{
    owner: string
    owned: boolean
    found: 'nothing' | 'own' | 'misplaced' | 'other'
  }>(
    `SELECT pg_catalog.quote_ident(owner.rolname) AS owner, owner.rolname = current_user AS owned,
            CASE WHEN function.oid IS NULL THEN 'nothing'
                 WHEN pg_catalog.obj_description(function.oid, 'pg_proc') IS DISTINCT FROM $1
                   OR NOT pg_catalog.pg_has_role(function.proowner, 'USAGE') THEN 'other'
                 WHEN function.proowner = owner.oid THEN 'own' ELSE 'misplaced' END AS found
       FROM pg_catalog.pg_database AS database
       JOIN pg_catalog.pg_roles AS owner ON owner.oid = database.datdba
       JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = 'public'
        AND pg_catalog.has_schema_privilege(namespace.oid, 'CREATE')
       LEFT JOIN pg_catalog.pg_proc AS function
         ON function.oid = pg_catalog.to_regprocedure('public.databricks_create_role(text, text)')
      WHERE database.datname = pg_catalog.current_database()`,
    [STAND_IN],
  )
  const [place] = rows
  if (place === undefined) return
  // Earlier versions created it as the administrative role.
  if (place.found === 'misplaced') await dropStandIn(client)
  if (!(isSuperuser || place.owned) || place.found === 'own' || place.found === 'other') return
  await client.query(`
    CREATE FUNCTION public.databricks_create_role(identity_name text, identity_type text) RETURNS text
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN ${NOT_HERE} END $$`)
  await client.query(
    `COMMENT ON FUNCTION public.databricks_create_role(text, text) IS ${client.escapeLiteral(STAND_IN)}`,
  )
  if (!place.owned)
    await client.query(`ALTER FUNCTION public.databricks_create_role(text, text) OWNER TO ${place.owner}`)
}

/**
 * The stand-in is no longer needed, for example after an upgrade of the cluster, or when the administrative role became
 * a superuser.
 */
export async function dropStandIn(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_catalog.pg_proc
      WHERE oid = pg_catalog.to_regprocedure('public.databricks_create_role(text, text)')
        AND pg_catalog.obj_description(oid, 'pg_proc') = $1
        AND pg_catalog.pg_has_role(proowner, 'USAGE')`,
    [STAND_IN],
  )
  if (rowCount !== 0) await client.query('DROP FUNCTION public.databricks_create_role(text, text)')
}

/** @returns whether the functions are installed */
async function runScripts(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ usable: boolean; installed: string | null }>(`
    SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'dblink')
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth')
             -- The owner of the database may have dropped it.
             AND EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') AS usable,
           (SELECT pg_catalog.obj_description(oid, 'pg_namespace')
              FROM pg_catalog.pg_namespace WHERE nspname = 'databricks_auth') AS installed`)
  const [found] = rows
  if (found?.usable !== true) return false
  let version = /^lakegate ([0-9.]+)$/.exec(found.installed ?? '')?.[1]
  await requireOurs(client, version !== undefined)
  await inTransaction(client, () => dropStandIn(client))
  for (;;) {
    const script = await nextScript(version)
    if (script === undefined) return true
    // One transaction for each script: a later script that has to wait for a lock must not hold back an earlier one
    // that closes a hole.
    await inTransaction(client, async () => {
      if (version !== undefined) await showInDump(client)
      await client.query(script.text)
      await client.query(
        `COMMENT ON SCHEMA databricks_auth IS ${client.escapeLiteral(`lakegate ${script.version}`)}`,
      )
    })
    version = script.version
  }
}

/**
 * A schema or function with one of our names that no superuser owns is somebody else's. As long as it exists, the
 * functions of an earlier version are disabled.
 * @throws Fault administrative_schema_taken
 */
async function requireOurs(client: pg.Client, isInstalled: boolean): Promise<void> {
  const { rows } = await client.query<{ taken: string }>(
    `SELECT taken.description AS taken
       FROM (SELECT 'the schema databricks_auth' AS description, nspowner AS owner
               FROM pg_catalog.pg_namespace WHERE nspname = 'databricks_auth'
              UNION ALL
             SELECT 'the function ' || oid::pg_catalog.regprocedure::text, proowner
               FROM pg_catalog.pg_proc
              WHERE oid = ANY (ARRAY(SELECT pg_catalog.to_regprocedure(signature)
                                       FROM pg_catalog.unnest($1::pg_catalog.text[]) AS signature)::pg_catalog.oid[])
                AND pg_catalog.obj_description(oid, 'pg_proc') IS DISTINCT FROM $2) AS taken
       JOIN pg_catalog.pg_roles AS role ON role.oid = taken.owner
      WHERE NOT role.rolsuper`,
    [SIGNATURES, STAND_IN],
  )
  const [first] = rows
  if (first === undefined) return
  if (isInstalled)
    await client.query(`
      DO $$ BEGIN
        IF pg_catalog.to_regprocedure('databricks_auth.calling_role()') IS NOT NULL THEN
          DROP FUNCTION databricks_auth.calling_role();
        END IF;
      END $$`)
  throw new Fault({
    code: 'administrative_schema_taken',
    origin: 'configuration',
    message: `Somebody else made ${first.taken}, whose name Lakegate needs.`,
    nextStep: 'Drop it or rename it, or name another database in attached.database.',
  })
}
