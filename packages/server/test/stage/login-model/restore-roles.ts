/** Puts the roles of a cluster back to how they were: their attributes, memberships and labels. */
import pg from 'pg'

interface SavedRole {
  readonly name: string
  readonly attributes: string
  readonly label: string | null
}

interface SavedMembership {
  readonly role: string
  readonly member: string
  readonly grantor: string
  readonly options: string
}

interface Saved {
  readonly roles: readonly SavedRole[]
  readonly memberships: readonly SavedMembership[]
  /** By name. */
  readonly oids: Readonly<Record<string, string>>
}

export interface RoleRestorer {
  /**
   * @param inside a connection to the database where roles that are to go may own things, if there is one
   * @returns the names of the roles that were made anew, under other object ids
   */
  restore(inside: pg.Client | undefined): Promise<readonly string[]>
}

const SAVED = `
  SELECT pg_catalog.json_build_object(
    'oids', (SELECT pg_catalog.json_object_agg(rolname, oid::text) FROM pg_catalog.pg_authid WHERE oid >= 16384),
    'roles', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', rolname,
        'attributes', pg_catalog.concat_ws(' ',
          CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
          CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
          CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
          CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
          CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
          CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
          CASE WHEN rolpassword IS NULL THEN 'PASSWORD NULL' ELSE 'HAS PASSWORD' END,
          pg_catalog.format('VALID UNTIL %L', COALESCE(rolvaliduntil, 'infinity'))),
        'label', (SELECT label FROM pg_catalog.pg_shseclabel WHERE objoid = pg_authid.oid
                     AND classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND provider = 'databricks_auth'))
        ORDER BY rolname) FROM pg_catalog.pg_authid WHERE oid >= 16384),
    'memberships', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
        'role', roleid::pg_catalog.regrole::text, 'member', member::pg_catalog.regrole::text,
        'grantor', grantor::pg_catalog.regrole::text,
        'options', pg_catalog.format('ADMIN %s, INHERIT %s, SET %s', admin_option::text, inherit_option::text, set_option::text))
        ORDER BY roleid::pg_catalog.regrole::text, member::pg_catalog.regrole::text, grantor)
      FROM pg_catalog.pg_auth_members)) AS saved`

export async function createRoleRestorer(cluster: pg.Client): Promise<RoleRestorer> {
  const look = async (): Promise<Saved> => {
    const { rows } = await cluster.query<{ saved: Saved }>({ name: 'saved_roles', text: SAVED })
    const [row] = rows
    if (row === undefined) throw new Error('the catalog gave no answer')
    return row.saved
  }
  const wanted = await look()
  let oids = wanted.oids
  /** Who bears the name of a role that was dropped, or renamed away, is a stranger too. */
  const isKnown = (found: Saved, name: string) => oids[name] !== undefined && found.oids[name] === oids[name]
  return {
    async restore(inside) {
      const found = await look()
      if (
        JSON.stringify(found) === JSON.stringify({ ...wanted, oids: found.oids }) &&
        wanted.roles.every(({ name }) => isKnown(found, name))
      )
        return []
      await run(cluster, revokes(found, wanted))
      for (const { name } of found.roles.filter((role) => !isKnown(found, role.name))) {
        const quoted = pg.escapeIdentifier(name)
        await (inside ?? cluster).query(`DROP OWNED BY ${quoted} CASCADE; DROP ROLE ${quoted}`)
      }
      const kept = new Map(
        found.roles.filter((role) => isKnown(found, role.name)).map((role) => [role.name, role]),
      )
      const made = wanted.roles.filter(({ name }) => !kept.has(name)).map(({ name }) => name)
      await run(
        cluster,
        wanted.roles.flatMap((role) => rebuild(role, kept.get(role.name))),
      )
      await run(cluster, grants(await look(), wanted))
      oids = (await look()).oids
      return made
    },
  }
}

const run = async (client: pg.Client, statements: readonly string[]): Promise<void> => {
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

const keyOf = (membership: SavedMembership): string => JSON.stringify(membership)

/** A membership that somebody granted by an ADMIN option that goes, goes with that, as CASCADE says. */
function revokes(found: Saved, wanted: Saved): readonly string[] {
  const keep = new Set(wanted.memberships.map(keyOf))
  return found.memberships
    .filter((membership) => !keep.has(keyOf(membership)))
    .map(({ role, member, grantor }) => `REVOKE ${role} FROM ${member} GRANTED BY ${grantor} CASCADE`)
}

/** The superuser's first, because the others stand on them. */
function grants(found: Saved, wanted: Saved): readonly string[] {
  const have = new Set(found.memberships.map(keyOf))
  return wanted.memberships
    .filter((membership) => !have.has(keyOf(membership)))
    .toSorted((a, b) => Number(b.grantor === 'cloud_admin') - Number(a.grantor === 'cloud_admin'))
    .map(
      ({ role, member, grantor, options }) =>
        `GRANT ${role} TO ${member} WITH ${options} GRANTED BY ${grantor}`,
    )
}

function rebuild(role: SavedRole, found: SavedRole | undefined): readonly string[] {
  if (found?.attributes === role.attributes && found.label === role.label) return []
  const [name, isRole] = [pg.escapeIdentifier(role.name), `'pg_catalog.pg_authid'::pg_catalog.regclass`]
  const oid = `(SELECT oid FROM pg_catalog.pg_authid WHERE rolname = ${pg.escapeLiteral(role.name)})`
  return [
    ...(found === undefined ? [`CREATE ROLE ${name}`] : []),
    `ALTER ROLE ${name} ${role.attributes}`,
    `DELETE FROM pg_catalog.pg_shseclabel WHERE classoid = ${isRole} AND provider = 'databricks_auth' AND objoid = ${oid}`,
    ...(role.label === null
      ? []
      : [
          `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
           VALUES (${oid}, ${isRole}, 'databricks_auth', ${pg.escapeLiteral(role.label)})`,
        ]),
  ]
}
