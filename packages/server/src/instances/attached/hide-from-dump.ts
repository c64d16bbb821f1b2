/**
 * Hides Lakegate's objects in an attached database from pg_dump, DROP OWNED and DROP ROLE. A pg_dump by the owner of
 * the database would contain them, and only a superuser could restore that: C functions, an event trigger, objects of
 * another owner. DROP OWNED and DROP ROLE of the administrative role would affect them. Therefore:
 *   - all of them belong to the bootstrap superuser of the cluster, as objects of a trusted extension do;
 *   - all of them are members of an extension that pg_dump takes for a part of PostgreSQL, because its object id is in
 *   the range of initdb (selectDumpableExtension in pg_dump.c). An ordinary extension would be dumped as CREATE
 *   EXTENSION, and its files are on no other server. When something that contains one of its members is dropped with
 *   CASCADE, such as the schema public, the extension is dropped too, but nothing that is not Lakegate's.
 */
import type pg from 'pg'

/** Not named databricks_auth, because an operator may have installed that as an ordinary extension. */
const EXTENSION = 'lakegate'

/** What the scripts of databricks_auth made. A function of such a name that somebody else made does not count. */
const OURS = `
  WITH scope AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'databricks_auth')
  SELECT 'SCHEMA' AS kind, pg_catalog.quote_ident(nspname) AS identity, nspowner AS owner,
         'pg_catalog.pg_namespace'::pg_catalog.regclass AS class, namespace.oid
    FROM pg_catalog.pg_namespace AS namespace WHERE namespace.oid = (SELECT oid FROM scope)
   UNION ALL
  SELECT 'FUNCTION', pg_catalog.format('%I.%I(%s)', namespace.nspname, function.proname,
           pg_catalog.pg_get_function_identity_arguments(function.oid)),
         function.proowner, 'pg_catalog.pg_proc'::pg_catalog.regclass, function.oid
    FROM pg_catalog.pg_proc AS function
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = function.pronamespace
    JOIN pg_catalog.pg_roles AS owner ON owner.oid = function.proowner AND owner.rolsuper
   WHERE namespace.oid = (SELECT oid FROM scope)
      OR function.oid IN (pg_catalog.to_regprocedure('public.databricks_create_role(text, text)'),
                          pg_catalog.to_regprocedure('public.databricks_set_role_label(text, text)'),
                          pg_catalog.to_regprocedure('public.databricks_session_identity()'),
                          pg_catalog.to_regprocedure('pg_catalog.databricks_open_claims(text)'))
   UNION ALL
  SELECT CASE relation.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
         pg_catalog.format('%I.%I', namespace.nspname, relation.relname),
         relation.relowner, 'pg_catalog.pg_class'::pg_catalog.regclass, relation.oid
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner AND owner.rolsuper
   WHERE relation.relkind IN ('r', 'v') AND (namespace.oid = (SELECT oid FROM scope)
      OR relation.oid = pg_catalog.to_regclass('public.databricks_list_roles'))
   UNION ALL
  SELECT 'EVENT TRIGGER', pg_catalog.quote_ident(evtname), evtowner,
         'pg_catalog.pg_event_trigger'::pg_catalog.regclass, trigger.oid
    FROM pg_catalog.pg_event_trigger AS trigger
    JOIN pg_catalog.pg_proc AS function ON function.oid = trigger.evtfoid
   WHERE function.pronamespace = (SELECT oid FROM scope)`

const IS_MEMBER = `
  EXISTS (SELECT FROM pg_catalog.pg_depend AS membership
           WHERE membership.classid = ours.class AND membership.objid = ours.oid AND membership.deptype = 'e')`

interface Found {
  readonly kind: string
  readonly identity: string
}

/**
 * @param client of a superuser, in the transaction that made the objects
 */
export async function hideFromDump(client: pg.Client): Promise<void> {
  // BOOTSTRAP_SUPERUSERID, whatever the role's name is.
  const born = await client.query<{ name: string }>(
    'SELECT pg_catalog.quote_ident(rolname) AS name FROM pg_catalog.pg_roles WHERE oid = 10',
  )
  for (const { name } of born.rows) {
    const { rows } = await client.query<Found>(
      `SELECT kind, identity FROM (${OURS}) AS ours WHERE owner <> 10`,
    )
    for (const { kind, identity } of rows) await client.query(`ALTER ${kind} ${identity} OWNER TO ${name}`)
  }
  // The extension's owner and schema are objects of initdb, on which PostgreSQL records no dependencies.
  await client.query(
    `INSERT INTO pg_catalog.pg_extension
       (oid, extname, extowner, extnamespace, extrelocatable, extversion, extconfig, extcondition)
     SELECT pg_catalog.max(free.oid)::pg_catalog.oid, $1, 10, 'pg_catalog'::pg_catalog.regnamespace, false, '1', NULL, NULL
       FROM pg_catalog.generate_series(16000, 16383) AS free (oid)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension AS taken WHERE taken.oid = free.oid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = $1)
     HAVING pg_catalog.count(*) > 0`,
    [EXTENSION],
  )
  const { rows } = await client.query<Found>(
    `SELECT kind, identity FROM (${OURS}) AS ours WHERE NOT ${IS_MEMBER}`,
  )
  for (const { kind, identity } of rows)
    await client.query(`ALTER EXTENSION ${EXTENSION} ADD ${kind} ${identity}`)
}

/**
 * Takes the objects out of the extension again, because PostgreSQL does not drop a single member of an extension.
 * @param client of a superuser, in the transaction that changes or drops them
 */
export async function showInDump(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Found>(
    `SELECT kind, identity FROM (${OURS}) AS ours WHERE ${IS_MEMBER}`,
  )
  for (const { kind, identity } of rows)
    await client.query(`ALTER EXTENSION ${EXTENSION} DROP ${kind} ${identity}`)
  await client.query(`DROP EXTENSION IF EXISTS ${EXTENSION}`)
}
