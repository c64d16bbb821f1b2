/**
 * The database in which sequences play, and its roles; every sequence finds both as the first one did. Whatever a
 * sequence has spoiled beyond repair is made anew.
 */
import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Lakegate } from '../lakegate.ts'
import { inSession } from '../service-principal.ts'
import { mintWithClaim, remembered, type Cast } from './cast.ts'
import { readCluster, readOurFunctions, readOurTables } from './catalog.ts'
import type { Cluster, World } from './model.ts'
import { createRoleRestorer, type RoleRestorer } from './restore-roles.ts'
import { ACTORS, type LabelWord, type Person, type RoleWord } from './statements.ts'
import type { Scene } from './to-sql.ts'
import { Testimony, WITNESS } from './witness.ts'

export const ARENA = 'arena'
const CLAIMED = 'shop.orders'

export interface Superuser {
  readonly client: pg.Client
  readonly testimony: Testimony
}

export interface Arena {
  readonly lakegate: Lakegate
  readonly cast: Cast
  readonly world: World
  /** As every sequence finds it. */
  baseline(): Cluster
  scene(): Scene
  /** Around the gateway, as the superuser. */
  readCluster(): Promise<Cluster>
  superuser(): Superuser
  /** Is everything that a login with claims needs as Lakegate left it? */
  isIntact(): Promise<boolean>
  /** The query of a session that waits for a lock, if there is one. */
  whoWaitsForLock(): Promise<string | undefined>
  /** A credential of the claimant with claims on a table of the arena. */
  claimsToken(): Promise<string>
  /** Runs this as the superuser, now and whenever the database is made anew: a hole for the search to find. */
  sabotage(sql: string): Promise<void>
  /** @returns whether sessions that were opened before are no longer what they were */
  restore(): Promise<boolean>
  close(): Promise<void>
}

/** @throws when Lakegate does not do what the arena is built with */
export async function buildArena(lakegate: Lakegate, cast: Cast): Promise<Arena> {
  const connect = async (database: string): Promise<pg.Client> => {
    // What the owner of the database sets for it is not for the superuser.
    const client = new pg.Client({
      host: cast.socketDirectory,
      user: 'cloud_admin',
      database,
      options: '-c role=none -c lock_timeout=5000',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const cluster = await connect('postgres')
  const asPerson = async (person: Person, database: string, ...statements: readonly string[]) =>
    inSession(
      lakegate,
      {
        user: cast.people[person].name,
        password: await cast.token(person),
        instance: cast.instance,
        database,
      },
      async (client) => {
        for (const statement of statements) await client.query(statement)
      },
    )
  const bornWith = new Set((await readCluster(cluster)).roles.map(({ oid }) => oid))
  const { rows } = await cluster.query<{ oid: string }>('SELECT oid::text FROM pg_roles WHERE rolname = $1', [
    cast.ownerName,
  ])
  bornWith.delete(rows[0]?.oid ?? '')

  let holes = ''
  const makeDatabase = async () => {
    const made = await makeArenaDatabase(cluster, connect, cast)
    await made.query(holes)
    return made
  }
  await makeRoles(lakegate, cast, asPerson)
  let inside = await makeDatabase()
  let testimony = new Testimony(inside)
  await registerClaims(lakegate, cast)
  const restorer: RoleRestorer = await createRoleRestorer(cluster)
  const claimsToken = remembered(() => mintWithClaim(cast.claimant, `${CATALOG_OF(cast)}.${CLAIMED}`))
  let fingerprint = ''
  let scene: Scene
  let baseline: Cluster

  const openWithClaims = async () =>
    inSession(
      lakegate,
      {
        user: cast.claimant.applicationId,
        password: await claimsToken('claimant'),
        instance: cast.instance,
        database: ARENA,
      },
      async (client) =>
        (await client.query<{ reader: string }>('SELECT current_user AS reader')).rows[0]?.reader ?? '',
    )
  /** After the database was made: what a sequence may know of it. */
  const getAcquainted = async () => {
    const reader = await openWithClaims()
    await restorer.restore(inside)
    fingerprint = await takeFingerprint(inside)
    scene = {
      ...wordsOf(cast, reader),
      tables: await readOurTables(inside),
      functions: await readOurFunctions(inside),
    }
    baseline = await readCluster(cluster)
  }
  await getAcquainted()

  return {
    lakegate,
    cast,
    world: {
      identities: [...Object.values(cast.people), ...Object.values(cast.newcomers), cast.group],
      members: {
        [cast.group.id]: cast.groupMembers.map((person) => cast.people[person].id),
        [cast.newcomers.newcomer_group.id]: [cast.people.guest.id],
      },
      bornWith,
      superuserOid: '10',
    },
    baseline: () => baseline,
    scene: () => scene,
    readCluster: () => readCluster(cluster),
    superuser: () => ({ client: inside, testimony }),
    isIntact: async () => (await takeFingerprint(inside)) === fingerprint,
    async whoWaitsForLock() {
      const { rows } = await cluster.query<{ query: string }>(
        `SELECT usename || ': ' || query AS query FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      )
      return rows[0]?.query
    },
    claimsToken: () => claimsToken('claimant'),
    async sabotage(sql) {
      holes = sql
      await inside.query(sql)
      await getAcquainted()
    },
    async restore() {
      await inside.query(ACTORS.map((actor) => `DROP SCHEMA IF EXISTS s_${actor} CASCADE`).join(';'))
      const { rowCount: settings } = await cluster.query(
        `DELETE FROM pg_db_role_setting WHERE setdatabase <> 0 OR setrole NOT IN (SELECT unnest($1::oid[]))`,
        [[...bornWith]],
      )
      if ((await takeFingerprint(inside)) !== fingerprint) {
        await inside.end()
        await cluster.query(`DROP DATABASE IF EXISTS ${ARENA} WITH (FORCE)`)
        // REASSIGN OWNED gives databases away, also from another database.
        await cluster.query(`ALTER DATABASE databricks_postgres OWNER TO cloud_admin`)
        await restorer.restore(undefined)
        await cluster.query(
          `ALTER DATABASE databricks_postgres OWNER TO ${pg.escapeIdentifier(cast.ownerName)}`,
        )
        inside = await makeDatabase()
        testimony = new Testimony(inside)
        await getAcquainted()
        return true
      }
      const madeAnew = await restorer.restore(inside)
      await inside.query(OWN_SCHEMAS(cast))
      // The name of a reader has the object id of its role in it.
      if (madeAnew.includes(cast.claimant.applicationId)) await getAcquainted()
      else if (madeAnew.length > 0) baseline = await readCluster(cluster)
      return settings !== 0 || madeAnew.length > 0
    },
    async close() {
      await inside.end()
      await cluster.end()
      await cast.remove()
    },
  }
}

const CATALOG_OF = ({ instance }: Cast): string => instance.name.replaceAll('-', '_')

const OWN_SCHEMAS = ({ people }: Cast): string =>
  ACTORS.map((actor) => {
    const name = pg.escapeIdentifier(people[actor].name)
    return `CREATE SCHEMA s_${actor} AUTHORIZATION ${name}; GRANT USAGE ON SCHEMA s_${actor} TO PUBLIC`
  }).join(';')

/** Through Lakegate as far as a person would: three actors of different rights, and roles around them. */
async function makeRoles(
  lakegate: Lakegate,
  cast: Cast,
  asPerson: (person: Person, database: string, ...statements: readonly string[]) => Promise<void>,
): Promise<void> {
  const { people, group, instance } = cast
  const quoted = (person: Person) => pg.escapeIdentifier(people[person].name)
  await lakegate.admin.request('POST', `/api/2.0/database/instances/${instance.name}/roles`, {
    name: people.creator.name,
    identity_type: 'SERVICE_PRINCIPAL',
    attributes: { createrole: true, createdb: true },
  })
  await asPerson(
    'owner',
    'databricks_postgres',
    `SELECT databricks_create_role('${people.plain.name}', 'SERVICE_PRINCIPAL')`,
    `SELECT databricks_create_role('${people.claimant.name}', 'SERVICE_PRINCIPAL')`,
    `SELECT databricks_create_role('${group.name}', 'GROUP')`,
    `CREATE ROLE r_user LOGIN`,
    `SELECT databricks_set_role_label('r_user', 'id=${people.person.id},type=USER')`,
    `CREATE ROLE r_unbound LOGIN`,
    `CREATE ROLE r_shared LOGIN`,
    `GRANT r_shared TO ${quoted('creator')} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
    `GRANT r_shared TO ${quoted('plain')}`,
    `GRANT r_unbound TO ${quoted('claimant')} WITH ADMIN TRUE`,
  )
  await asPerson(
    'creator',
    'databricks_postgres',
    `CREATE ROLE c_bound LOGIN`,
    `SELECT databricks_set_role_label('c_bound', 'id=${people.guest.id},type=SERVICE_PRINCIPAL')`,
    `CREATE ROLE c_unbound LOGIN`,
  )
}

async function makeArenaDatabase(
  cluster: pg.Client,
  connect: (database: string) => Promise<pg.Client>,
  cast: Cast,
): Promise<pg.Client> {
  const owner = pg.escapeIdentifier(cast.ownerName)
  await cluster.query(`CREATE DATABASE ${ARENA} OWNER ${owner} TEMPLATE template1`)
  await cluster.query(`GRANT CREATE ON DATABASE ${ARENA} TO ${pg.escapeIdentifier(cast.people.creator.name)}`)
  const inside = await connect(ARENA)
  await inside.query(WITNESS)
  await inside.query(OWN_SCHEMAS(cast))
  await inside.query(
    `CREATE SCHEMA shop AUTHORIZATION ${owner}; CREATE TABLE ${CLAIMED} AS SELECT 1 AS number;
     ALTER TABLE ${CLAIMED} OWNER TO ${owner}`,
  )
  return inside
}

/** The claimant may mint with claims on the one table of the arena. */
async function registerClaims({ admin }: Lakegate, cast: Cast): Promise<void> {
  await admin.request('POST', '/api/2.0/database/catalogs', {
    name: CATALOG_OF(cast),
    database_instance_name: cast.instance.name,
    database_name: ARENA,
  })
  await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${CATALOG_OF(cast)}.${CLAIMED}`, {
    changes: [{ principal: cast.claimant.applicationId, add: ['SELECT'] }],
  })
}

/** Everything that is not in a schema of an actor, with its owner; and the privileges that logins need. */
async function takeFingerprint(inside: pg.Client): Promise<string> {
  const { rows } = await inside.query<{ line: string }>({
    name: 'fingerprint',
    text: `
      SELECT pg_catalog.string_agg(line, ' ' ORDER BY line) AS line FROM (
        SELECT pg_catalog.format('schema %s %s %s', oid, nspowner, nspacl) FROM pg_catalog.pg_namespace
         WHERE nspname !~ '^(s_|pg_temp|pg_toast)' AND nspname <> 'shop'
        UNION ALL SELECT pg_catalog.format('class %s %s', class.oid, relowner)
          FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
         WHERE nspname !~ '^(s_|pg_)' AND nspname <> 'information_schema'
        UNION ALL SELECT pg_catalog.format('function %s %s %s %s', proc.oid, proowner, proname, proacl)
          FROM pg_catalog.pg_proc AS proc JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = pronamespace
         WHERE nspname !~ '^(s_|pg_)' AND nspname <> 'information_schema'
        UNION ALL SELECT pg_catalog.format('extension %s %s %s', oid, extversion, extowner) FROM pg_catalog.pg_extension
        UNION ALL SELECT pg_catalog.format('event trigger %s', oid) FROM pg_catalog.pg_event_trigger
        UNION ALL SELECT pg_catalog.format('trigger %s', trigger.oid) FROM pg_catalog.pg_trigger AS trigger
          JOIN pg_catalog.pg_class AS class ON class.oid = tgrelid
          JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace WHERE nspname !~ '^(s_|pg_)'
        UNION ALL SELECT pg_catalog.format('database %s %s %s', datname, datdba, datacl) FROM pg_catalog.pg_database
        UNION ALL SELECT pg_catalog.format('setting %s %s %s', setdatabase, setrole, setconfig)
          FROM pg_catalog.pg_db_role_setting
      ) AS lines (line)`,
  })
  return createHash('sha256')
    .update(rows[0]?.line ?? randomUUID())
    .digest('hex')
}

function wordsOf(cast: Cast, reader: string): Pick<Scene, 'roleNames' | 'labels' | 'newcomers'> {
  const { people, group, newcomers } = cast
  const roleNames: Record<RoleWord, string> = {
    plain: people.plain.name,
    creator: people.creator.name,
    owner: people.owner.name,
    claimant: people.claimant.name,
    user: 'r_user',
    group: group.name,
    unbound: 'r_unbound',
    shared: 'r_shared',
    creator_bound: 'c_bound',
    creator_unbound: 'c_unbound',
    new_1: 'new_1',
    new_2: 'new_2',
    new_3: 'new_3',
    cloud_admin: 'cloud_admin',
    databricks_superuser: 'databricks_superuser',
    databricks_gateway: 'databricks_gateway',
    pg_write_all_data: 'pg_write_all_data',
    reader,
    databricks_claims_1_x: 'databricks_claims_1_x',
    newcomer_principal: newcomers.newcomer_principal.name,
  }
  const labelOf = (person: Person) => `id=${people[person].id},type=${people[person].type}`
  const labels: Record<LabelWord, string | null> = {
    plain: labelOf('plain'),
    creator: labelOf('creator'),
    owner: labelOf('owner'),
    claimant: labelOf('claimant'),
    person: labelOf('person'),
    guest: labelOf('guest'),
    member: labelOf('member'),
    the_group: `id=${group.id},type=GROUP`,
    lower_case: `id=${people.plain.id},type=service_principal`,
    nobody: 'id=999999999999,type=USER',
    malformed: `id=${people.plain.id},type=ROBOT`,
    none: null,
  }
  return { roleNames, labels, newcomers }
}
