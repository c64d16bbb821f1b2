/**
 * Keeps what Lakegate puts into an attached database out of the way of those who were there before. pg_dump by the owner of
 * the database would dump it, and restoring that is for a superuser: functions in C, an event trigger, objects of another.
 * DROP OWNED and DROP ROLE of the administrative role would find it. Hence:
 *   - all of it belongs to the role that the cluster was born with, as objects of a trusted extension do;
 *   - all of it is a member of an extension that pg_dump takes for a part of PostgreSQL, because its object id is one of
 *     initdb's (selectDumpableExtension in pg_dump.c). An ordinary one would be dumped as CREATE EXTENSION, whose files are
 *     on nobody else's server. Dropped with something that it contains, it takes along what is Lakegate's, and no more.
 */
import type pg from 'pg'

/** Not databricks_auth, which an operator may have installed as what it is. */
const EXTENSION = 'lakegate'

/** What the scripts of databricks_auth made. A stranger's function of such a name is not ours. */
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
export async function stepAside(client: pg.Client): Promise<void> {
  // BOOTSTRAP_SUPERUSERID, whatever it is called.
  const born = await client.query<{ name: string }>(
    'SELECT pg_catalog.quote_ident(rolname) AS name FROM pg_catalog.pg_roles WHERE oid = 10',
  )
  for (const { name } of born.rows) {
    const { rows } = await client.query<Found>(
      `SELECT kind, identity FROM (${OURS}) AS ours WHERE owner <> 10`,
    )
    for (const { kind, identity } of rows) await client.query(`ALTER ${kind} ${identity} OWNER TO ${name}`)
  }
  // PostgreSQL notes no dependency on what it was born with: the role, and pg_catalog.
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
 * PostgreSQL drops no member of an extension by itself.
 * @param client of a superuser, in the transaction that changes or drops them
 */
export async function comeForward(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Found>(
    `SELECT kind, identity FROM (${OURS}) AS ours WHERE ${IS_MEMBER}`,
  )
  for (const { kind, identity } of rows)
    await client.query(`ALTER EXTENSION ${EXTENSION} DROP ${kind} ${identity}`)
  await client.query(`DROP EXTENSION IF EXISTS ${EXTENSION}`)
}
