/**
 * Attack 49: whoever owns a database sets it up so that Lakegate itself cannot work in it, or works in it with other
 * rights than its own. Nothing of that may keep the instance from its users, nor a role from being dropped.
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstance } from '@lakegate/client'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { attach, createAttachedRole, showInstance, waitUntilAvailable } from '../stage/attach.ts'
import { HAS_DEBIAN_15, startForeignCluster } from '../stage/foreign-cluster.ts'
import { administrationInside, asSuperuser, sessionInside } from '../stage/inside-instance.ts'
import { installEarlierExtension } from '../stage/earlier-extension.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { refusal } from '../stage/refusal.ts'
import { asOwner, createServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const nameOf = (what: string): string => `${what}_${randomUUID().slice(0, 8)}`
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

describe('an administrative session', () => {
  const lakegate = sharedLakegate()
  const { access, instance } = administrationInside(lakegate)
  const database = nameOf('hostile')
  const nobody = nameOf('nobody')

  interface Setting {
    readonly name: string
    readonly vartype: string
    readonly min_val: string | null
    readonly max_val: string | null
    readonly enumvals: readonly string[] | null
    readonly boot_val: string | null
  }

  /** What somebody may try who wants to be in the way. */
  function hostileValues({ vartype, min_val: min, max_val: max, enumvals, boot_val: usual }: Setting) {
    const all =
      vartype === 'bool'
        ? ['on', 'off']
        : vartype === 'enum'
          ? [...(enumvals ?? [])]
          : vartype === 'string'
            ? ['', 'nope', nobody, 'pg_temp', 'SQL_ASCII', 'LATIN1', '"', 'a, b', 'German', '+14:59']
            : [min ?? '', max ?? '', '1']
    return all.filter((value) => value !== usual)
  }

  /** pg_settings does not show these; a database can set them all the same. */
  const HIDDEN: readonly Setting[] = ['role', 'session_authorization', 'seed'].map((name) => ({
    ...{ name, vartype: 'string', min_val: null, max_val: null, enumvals: null, boot_val: null },
  }))

  let tried: readonly (readonly [string, string])[]
  beforeAll(async () => {
    await asOwner(lakegate, async (owner) => {
      await owner.query(`CREATE ROLE ${nobody}`)
      await owner.query(`CREATE DATABASE ${database}`)
      const { rows } = await owner.query<Setting>(
        `SELECT name, vartype, min_val, max_val, enumvals, boot_val FROM pg_settings ORDER BY name`,
      )
      tried = [...rows, ...HIDDEN].flatMap((setting) =>
        hostileValues(setting).map((value) => [setting.name, value] as const),
      )
    })
  })
  afterAll(() => asOwner(lakegate, (owner) => owner.query(`DROP DATABASE ${database}`)))

  /** @returns whether PostgreSQL lets the owner of the database do this */
  const set = (owner: pg.Client, scope: string, name: string, value: string) =>
    owner.query(`${scope} SET ${name} = ${owner.escapeLiteral(value)}`).then(
      () => true,
      () => false,
    )

  /** What is set for the database; PostgreSQL lets nobody reset some of it (transaction_read_only). */
  const take = async (superuser: pg.Client): Promise<unknown> => {
    const { rows } = await superuser.query(
      `DELETE FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = $1)
       RETURNING setrole, setconfig`,
      [database],
    )
    return rows
  }

  /** Works as Lakegate does: writes, waits longer than the shortest timeout, reads what is left of others' settings. */
  const work = () =>
    access.inSession(instance, database, 5_000, async (client) => {
      await client.query('BEGIN')
      await client.query('CREATE TABLE public.proof (number int)')
      await client.query('SELECT pg_sleep(0.003)')
      await client.query('ROLLBACK')
      const { rows } = await client.query<{ who: string; foreign_settings: string[] | null }>(
        `SELECT current_user || ' ' || session_user || ' ' || current_setting('role') AS who,
                (SELECT array_agg(name || '=' || setting) FROM pg_catalog.pg_settings
                  WHERE source IN ('database', 'user', 'database user')) AS foreign_settings`,
      )
      return rows[0]
    })
  const OWN = { who: 'cloud_admin cloud_admin none', foreign_settings: null }

  it('has its own rights and settings whatever its owner sets with ALTER DATABASE', async () => {
    let accepted = 0
    const broken: string[] = []
    const superuser = await sessionInside(lakegate, 'cloud_admin', 'postgres')
    await asOwner(lakegate, async (owner) => {
      for (const [name, value] of tried) {
        if (!(await set(owner, `ALTER DATABASE ${database}`, name, value))) continue
        accepted += 1
        const found = await work().catch((error: unknown) => String(error))
        if (JSON.stringify(found) !== JSON.stringify(OWN))
          broken.push(`${name} = ${value}: ${JSON.stringify(found)}`)
        await take(superuser)
      }
    })
    await superuser.end()
    expect(broken).toEqual([])
    // Else the test has tried nothing: PostgreSQL 18 takes some four hundred of them.
    expect(accepted).toBeGreaterThan(300)
  }, 300_000)

  it('knows no other settings by ALTER ROLE ALL IN DATABASE: PostgreSQL keeps them in the same place', async () => {
    const kept: Record<string, unknown[]> = {}
    const superuser = await sessionInside(lakegate, 'cloud_admin', 'postgres')
    const statements = ['ALTER DATABASE', 'ALTER ROLE ALL IN DATABASE']
    await asOwner(lakegate, async (owner) => {
      for (const statement of statements) {
        const all: unknown[] = (kept[statement] = [])
        for (const [name, value] of tried) {
          const isTaken = await set(owner, `${statement} ${database}`, name, value)
          all.push([name, value, isTaken, await take(superuser)])
        }
      }
    })
    await superuser.end()
    const [byDatabase, byRole] = statements.map((statement) => kept[statement])
    expect(byRole).toEqual(byDatabase)
  })

  it('has them when everything is set at once', async () => {
    await asOwner(lakegate, async (owner) => {
      for (const [name, value] of tried) await set(owner, `ALTER DATABASE ${database}`, name, value)
      await set(owner, `ALTER DATABASE ${database}`, 'role', nobody)
    })
    await expect(work()).resolves.toEqual(OWN)
  })
})

describe('an instance with databases that were set up against it', () => {
  let dataDirectory: string
  let lakegate: RunningLakegate
  const held: pg.Client[] = []
  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
    lakegate = await startLakegate({ dataDirectory })
  })
  afterAll(async () => {
    await release()
    await lakegate.stop()
    await removeDataDirectory(dataDirectory)
  })

  const release = async () => {
    await Promise.all(held.splice(0).map((client) => client.end()))
  }
  const showInstance = () =>
    lakegate.admin.request<DatabaseInstance>(
      'GET',
      `/api/2.0/database/instances/${lakegate.ready.instance.name}`,
    )

  /** With databricks_auth as an earlier version left it. */
  async function makeDatabase(what: string, ...statements: readonly string[]): Promise<string> {
    const name = nameOf(what)
    await asOwner(lakegate, async (owner) => {
      await owner.query(`CREATE DATABASE ${name} TEMPLATE template0`)
    })
    await installEarlierExtension(lakegate, name, '1.2')
    await asOwner(lakegate, async (owner) => {
      for (const statement of statements)
        await owner.query(
          statement.replaceAll('{database}', name).replaceAll('{owner}', lakegate.ready.admin_user),
        )
    })
    return name
  }

  async function hold(user: string, database: string, ...statements: readonly string[]): Promise<void> {
    const client = await sessionInside(lakegate, user, database)
    held.push(client)
    await client.query('BEGIN')
    for (const statement of statements) await client.query(statement)
  }

  const versionIn = async (database: string) =>
    (
      await asSuperuser<{ version: string }>(
        lakegate,
        "SELECT extversion AS version FROM pg_extension WHERE extname = 'databricks_auth'",
        [],
        database,
      )
    )[0]?.version

  /** Without a kill the cluster stops too; with one it lives on, and the sessions in it. */
  async function restart(how: 'stop' | 'kill' = 'stop'): Promise<DatabaseInstance> {
    await lakegate[how]()
    lakegate = await startLakegate({ dataDirectory })
    return waitFor('the instance to be AVAILABLE, and looked at', async () => {
      const instance = await showInstance()
      const isLookedAt = lakegate.output().includes('database instance reconciled')
      return isLookedAt && instance.state === 'AVAILABLE' && instance
    })
  }

  it('is AVAILABLE after a restart, and databricks_auth is current in each of them', async () => {
    const names = [
      await makeDatabase(
        'set_role',
        'CREATE ROLE set_role_of_nobody',
        "ALTER DATABASE {database} SET role = 'set_role_of_nobody'",
      ),
      await makeDatabase('read_only', 'ALTER DATABASE {database} SET default_transaction_read_only = on'),
      await makeDatabase('transaction_timeout', "ALTER DATABASE {database} SET transaction_timeout = '1ms'"),
      await makeDatabase('statement_timeout', "ALTER DATABASE {database} SET statement_timeout = '1ms'"),
      await makeDatabase('preload', "ALTER DATABASE {database} SET local_preload_libraries = 'nope'"),
      await makeDatabase('search_path', "ALTER DATABASE {database} SET search_path = 'nope'"),
      await makeDatabase('encoding', "ALTER DATABASE {database} SET client_encoding = 'LATIN1'"),
      await makeDatabase('limit', 'ALTER DATABASE {database} CONNECTION LIMIT 0'),
      await makeDatabase(
        'all_roles',
        "ALTER ROLE ALL IN DATABASE {database} SET idle_in_transaction_session_timeout = '1ms'",
      ),
      await makeDatabase('nobody_connects', 'REVOKE ALL ON DATABASE {database} FROM PUBLIC, "{owner}"'),
    ]
    const untouched = await makeDatabase('untouched')
    expect(await restart()).not.toHaveProperty('status_message')
    const current = await versionIn('template1')
    expect(current).not.toBe('1.2')
    for (const name of names)
      await asOwner(lakegate, (owner) => owner.query(`ALTER DATABASE ${name} RESET ALL`))
    for (const name of [untouched, ...names]) expect([name, await versionIn(name)]).toEqual([name, current])
  })

  it('passes by a database that is half dropped, and one that nobody may connect to', async () => {
    const half = await makeDatabase('half_dropped')
    const closed = await makeDatabase('closed', 'ALTER DATABASE {database} ALLOW_CONNECTIONS false')
    // What an interrupted DROP DATABASE leaves behind (dbcommands.c).
    await asSuperuser(lakegate, 'UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [half])
    expect(await restart()).not.toHaveProperty('status_message')
    await asOwner(lakegate, async (owner) => {
      await owner.query(`DROP DATABASE ${half}`)
      await owner.query(`DROP DATABASE ${closed}`)
    })
  })

  it('is AVAILABLE though a database is locked: it says which one, and what to do, in the API and in the log', async () => {
    const user = lakegate.ready.admin_user
    const viewed = await makeDatabase('a_view_is_locked')
    const renamed = await makeDatabase('is_being_renamed')
    const untouched = await makeDatabase('z_untouched')
    await hold(user, viewed, 'SELECT FROM databricks_list_roles')
    await hold(user, 'postgres', `ALTER DATABASE ${renamed} RENAME TO ${nameOf('renamed')}`)
    const { status_message: message } = await restart('kill')
    expect(message).toContain(viewed)
    expect(message).toContain(renamed)
    expect(message).toMatch(/Lakegate tries again/)
    expect(lakegate.output()).toContain(`cannot be prepared: The database \\"${viewed}\\"`)
    const current = await versionIn('template1')
    await expect(versionIn(untouched)).resolves.toBe(current)
    // Somebody in the way of an update keeps no hole open.
    const inside = await sessionInside(lakegate, user, viewed)
    await expect(inside.query("SELECT databricks_set_role_label('nobody', NULL)")).rejects.toThrow()
    await inside.end()
    await release()
    expect(await restart('kill')).not.toHaveProperty('status_message')
    await expect(versionIn(viewed)).resolves.toBe(current)
    await expect(versionIn(renamed)).resolves.toBe(current)
  })

  it('is AVAILABLE though the name of a database is no text, and says so', async () => {
    const name = nameOf('latin')
    await asOwner(lakegate, (owner) =>
      owner.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'`,
      ),
    )
    const inside = await sessionInside(lakegate, lakegate.ready.admin_user, name)
    await inside.query(`DO $$ BEGIN EXECUTE pg_catalog.format('CREATE ROLE %I', 'r' || chr(233)); END $$`)
    await inside.query('CREATE DATABASE "é" TEMPLATE template0')
    await inside.end()
    expect((await restart()).status_message).toMatch(/is not text in UTF-8/)
    await expect(
      lakegate.admin.request('GET', `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`),
    ).resolves.toBeDefined()
    const again = await sessionInside(lakegate, lakegate.ready.admin_user, name)
    await again.query('DROP DATABASE "é"')
    await again.end()
  })

  it('drops a role whose objects are in such databases', async () => {
    const principal = await createServicePrincipal(lakegate, 'leaves')
    const roles = `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`
    await lakegate.admin.request('POST', roles, {
      name: principal.applicationId,
      identity_type: 'SERVICE_PRINCIPAL',
    })
    const leaver = quoted(principal.applicationId)
    const database = await makeDatabase('of_the_leaver')
    await asSuperuser(lakegate, `ALTER DATABASE ${database} OWNER TO ${leaver}`)
    const inside = await sessionInside(lakegate, principal.applicationId, database)
    await inside.query('CREATE SCHEMA own CREATE TABLE own.data (number int)')
    for (const setting of [
      `role = ${leaver}`,
      'default_transaction_read_only = on',
      "transaction_timeout = '1ms'",
      "local_preload_libraries = 'nope'",
    ])
      await inside.query(`ALTER DATABASE ${database} SET ${setting}`)
    await inside.end()
    // Where the role has nothing, nothing has to be done: this one is in nobody's way.
    const locked = await makeDatabase('of_others')
    await hold(
      lakegate.ready.admin_user,
      'postgres',
      `ALTER DATABASE ${locked} RENAME TO ${nameOf('renamed')}`,
    )
    await lakegate.admin.request(
      'DELETE',
      `${roles}/${principal.applicationId}?reassign_owned_to=${encodeURIComponent(lakegate.ready.admin_user)}`,
    )
    await release()
    const [data] = await asOwner(lakegate, async (owner) => {
      await owner.query(`ALTER DATABASE ${database} RESET ALL`)
      return asSuperuser<{ owner: string }>(
        lakegate,
        "SELECT relowner::regrole::text AS owner FROM pg_class WHERE oid = 'own.data'::regclass",
        [],
        database,
      )
    })
    expect(data?.owner).toBe(quoted(lakegate.ready.admin_user))
  })

  it('says in which database a role is kept from being dropped, and by what', async () => {
    const principal = await createServicePrincipal(lakegate, 'is kept')
    const roles = `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`
    await lakegate.admin.request('POST', roles, {
      name: principal.applicationId,
      identity_type: 'SERVICE_PRINCIPAL',
    })
    const database = await makeDatabase('keeps')
    await asSuperuser(
      lakegate,
      `CREATE SCHEMA own AUTHORIZATION ${quoted(principal.applicationId)}`,
      [],
      database,
    )
    await hold(
      lakegate.ready.admin_user,
      'postgres',
      `ALTER DATABASE ${database} RENAME TO ${nameOf('renamed')}`,
    )
    const path = `${roles}/${principal.applicationId}?reassign_owned_to=${encodeURIComponent(lakegate.ready.admin_user)}`
    const kept = await refusal(lakegate.admin.request('DELETE', path))
    expect(kept).toMatchObject({ status: 400, errorCode: 'INVALID_STATE' })
    expect(kept.message).toContain(database)
    expect(kept.message).toContain('locked by an open transaction')
    await release()
    await lakegate.admin.request('DELETE', path)
  })

  describe('creating a database through REST', () => {
    const register = (database: string) =>
      lakegate.admin.request('POST', '/api/2.0/database/catalogs', {
        name: nameOf('catalog'),
        database_instance_name: lakegate.ready.instance.name,
        database_name: database,
        create_database_if_not_exists: true,
      })

    it('answers that template1 is in use, when it is, and what to do; later it works', async () => {
      const name = nameOf('wanted')
      await hold(lakegate.ready.admin_user, 'template1')
      const answer = await fetch(`${lakegate.ready.http_url}/api/2.0/database/catalogs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${lakegate.ready.admin_token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          name: nameOf('catalog'),
          database_instance_name: lakegate.ready.instance.name,
          database_name: name,
          create_database_if_not_exists: true,
        }),
      })
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).not.toBeNull()
      expect(await answer.json()).toMatchObject({
        error_code: 'TEMPORARILY_UNAVAILABLE',
        message: expect.stringMatching(/template1.*in use.*Close the sessions in template1/) as string,
      })
      await release()
      await expect(register(name)).resolves.toMatchObject({ database_name: name })
    })

    it('refuses a name whose database is half dropped, with the reason', async () => {
      const half = await makeDatabase('half_dropped')
      await asSuperuser(lakegate, 'UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [half])
      expect(await refusal(register(half))).toMatchObject({
        status: 400,
        message: expect.stringContaining('DROP DATABASE was interrupted') as string,
      })
      await asOwner(lakegate, (owner) => owner.query(`DROP DATABASE ${half}`))
    })
  })
})

describe.each([
  { version: 'packaged', administrator: 'SUPERUSER' },
  { version: 'packaged', administrator: 'CREATEROLE' },
  { version: 'debian-15', administrator: 'SUPERUSER' },
  { version: 'debian-15', administrator: 'CREATEROLE' },
] as const)('an attached cluster ($version, $administrator)', ({ version, administrator }) => {
  it.runIf(version === 'packaged' || HAS_DEBIAN_15)(
    'is attached, used and detached whatever the owner of its databases sets',
    async () => {
      const cluster = await startForeignCluster({ version, administrator })
      onTestFinished(() => cluster.stop())
      await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
      await cluster.query('CREATE ROLE stranger')
      await cluster.query('CREATE DATABASE another')
      const [server] = await cluster.query<{ major: number }>(
        "SELECT current_setting('server_version_num')::int / 10000 AS major",
      )
      const hostile = [
        "role = 'stranger'",
        "session_authorization = 'stranger'",
        'default_transaction_read_only = on',
        "default_transaction_isolation = 'serializable'",
        "statement_timeout = '1ms'",
        "local_preload_libraries = 'nope'",
        "search_path = 'nope'",
        "client_encoding = 'LATIN1'",
        ...((server?.major ?? 0) >= 17 ? ["transaction_timeout = '1ms'"] : []),
      ]
      for (const database of ['app', 'another'])
        for (const setting of hostile) await cluster.query(`ALTER DATABASE ${database} SET ${setting}`)
      await cluster.query('UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', ['another'])
      const lakegate = sharedLakegate()
      const attached = await attach(lakegate, `hostile-${String(cluster.port)}`, [cluster])
      expect(await waitUntilAvailable(attached)).not.toHaveProperty('status_message')
      const principal = await createServicePrincipal(lakegate, 'hostile')
      await createAttachedRole(attached, principal)
      const path = `/api/2.0/database/instances/${attached.name}`
      await lakegate.admin.request('DELETE', `${path}/roles/${principal.applicationId}`)
      await lakegate.admin.request('DELETE', `${path}?purge=true&remove_objects=true`)
      await waitFor('the deletion', () =>
        showInstance(attached).then(
          () => false,
          () => true,
        ),
      )
    },
  )
})
