/** What a superuser reads of the arena's cluster: roles, memberships and labels in one question, and what is Lakegate's. */
import type pg from 'pg'
import type { Cluster } from './model.ts'
import type { OurFunction, OurTable } from './to-sql.ts'

const CLUSTER = `
  SELECT pg_catalog.json_build_object(
    'roles', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
        'oid', oid::text, 'name', rolname, 'isSuperuser', rolsuper, 'createsRoles', rolcreaterole,
        'canLogIn', rolcanlogin, 'isExpired', COALESCE(rolvaliduntil <= pg_catalog.now(), false)) ORDER BY oid)
      FROM pg_catalog.pg_authid),
    'memberships', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
        'role', roleid::text, 'member', member::text, 'grantor', grantor::text,
        'admin', admin_option, 'inherits', inherit_option)), '[]')
      FROM pg_catalog.pg_auth_members),
    'labels', (SELECT COALESCE(pg_catalog.json_object_agg(objoid, label), '{}') FROM pg_catalog.pg_shseclabel
      WHERE classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND provider = 'databricks_auth')) AS cluster`

export async function readCluster(superuser: pg.Client): Promise<Cluster> {
  const { rows } = await superuser.query<{ cluster: Cluster }>({ name: 'cluster', text: CLUSTER })
  const [row] = rows
  if (row === undefined) throw new Error('the catalog gave no answer')
  return row.cluster
}

/** Tables and views of the superuser that are not PostgreSQL's: what Lakegate keeps in this database. */
export async function readOurTables(superuser: pg.Client): Promise<readonly OurTable[]> {
  const { rows } = await superuser.query<OurTable>(
    `SELECT format('%I.%I', nspname, relname) AS name, relkind = 'v' AS "isView",
            COALESCE((SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, NULL)) ORDER BY attnum)
                        FROM pg_attribute WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped), '[]') AS columns
       FROM pg_class AS class JOIN pg_namespace AS namespace ON namespace.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relowner = 10 AND nspname !~ '^pg_' AND nspname <> 'information_schema'
      ORDER BY 1`,
  )
  return rows
}

export async function readOurFunctions(superuser: pg.Client): Promise<readonly OurFunction[]> {
  const { rows } = await superuser.query<OurFunction>(
    `SELECT format('%I.%I', nspname, proname) AS name, format_type(prorettype, NULL) AS result,
            ARRAY(SELECT format_type(type, NULL) FROM unnest(proargtypes) AS type) AS "argumentTypes"
       FROM pg_depend JOIN pg_extension ON refobjid = pg_extension.oid AND extname = 'databricks_auth'
       JOIN pg_proc ON pg_proc.oid = objid JOIN pg_namespace ON pg_namespace.oid = pronamespace
      WHERE deptype = 'e' AND classid = 'pg_proc'::regclass AND refclassid = 'pg_extension'::regclass
      ORDER BY 1`,
  )
  return rows
}
