/**
 * Databases behind the pooled endpoint: who may connect, how many, and with which settings is asked at every login; and
 * idle backends of pools stand in nobody's way who drops, renames or copies a database.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sessionInside } from '../stage/inside-instance.ts'
import { pooledClient } from '../stage/pooled-sessions.ts'
import {
  createPrincipalWithRole,
  databaseClient,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { instance } = lakegate.ready
const pooled = { host: instance.pooled_host, port: instance.pooled_port }

let principal: TestServicePrincipal
let user: string
let password: string
let owner: pg.Client
/** Ends backends of any role. */
let superuser: pg.Client
const databases = new Set<string>()
const sessions = new Set<pg.Client>()

beforeAll(async () => {
  principal = await createPrincipalWithRole(lakegate, 'of many databases')
  user = principal.applicationId
  password = await principal.workspaceToken()
  owner = await databaseClient(lakegate, {
    user: lakegate.ready.admin_user,
    password: await mintCredential(lakegate.admin, instance.name),
  })
  await owner.connect()
  superuser = await sessionInside(lakegate, 'cloud_admin', 'postgres')
})
afterEach(async () => {
  await Promise.all([...sessions].map((session) => session.end()))
  sessions.clear()
  for (const name of databases) await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  databases.clear()
})
afterAll(async () => {
  await owner.end()
  await superuser.end()
})

function newName(): string {
  const name = `db_${randomUUID().slice(0, 8)}`
  databases.add(name)
  return name
}
async function createDatabase(): Promise<string> {
  const name = newName()
  await owner.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  return name
}
/** Goes on until the end of the test. */
async function openPooled(database: string): Promise<pg.Client> {
  const session = await pooledClient(lakegate, { user, password, database })
  sessions.add(session)
  return session
}
/** A pooled session that did something, and whose backend is idle now. */
async function rest(database: string): Promise<pg.Client> {
  const session = await openPooled(database)
  await session.query('SELECT 1')
  return session
}
const asAt = async (endpoint: { host: string; port: number }, database: string) => {
  const { code, message, detail } = await refusedLogin(lakegate, {
    user,
    password,
    database,
    instance: endpoint,
  })
  return { code, message, detail }
}
const show = async (session: pg.Client, setting: string) =>
  (await session.query<{ value: string }>('SELECT current_setting($1) AS value', [setting])).rows[0]?.value

describe('at each pooled login, however many backends are idle, PostgreSQL’s own refusals hold:', () => {
  it('CONNECT that was revoked', async () => {
    const database = await createDatabase()
    await rest(database)
    await owner.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`)
    const refusal = await asAt(pooled, database)
    expect(refusal).toMatchObject({ code: '42501', message: `permission denied for database "${database}"` })
    expect(refusal).toEqual(await asAt(instance, database))
    await owner.query(`GRANT CONNECT ON DATABASE ${database} TO "${user}"`)
    await rest(database)
  })

  it('ALLOW_CONNECTIONS false', async () => {
    const database = await createDatabase()
    await rest(database)
    await owner.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)
    const refusal = await asAt(pooled, database)
    expect(refusal.code).toBe('55000')
    expect(refusal).toEqual(await asAt(instance, database))
  })

  it('a database that does not exist, is renamed, or is called otherwise', async () => {
    const [database, other] = [await createDatabase(), newName()]
    await rest(database)
    await owner.query(`ALTER DATABASE ${database} RENAME TO ${other}`)
    for (const name of [database, `${database}\u00e9`]) {
      const refusal = await asAt(pooled, name)
      expect(refusal.code).toBe('3D000')
      expect(refusal).toEqual(await asAt(instance, name))
    }
  })

  it('CONNECTION LIMIT of the database, which counts sessions and not backends', async () => {
    const database = await createDatabase()
    await owner.query(`ALTER DATABASE ${database} CONNECTION LIMIT 2`)
    const first = await rest(database)
    await rest(database)
    expect(await asAt(pooled, database)).toMatchObject({
      code: '53300',
      message: `too many connections for database "${database}"`,
    })
    sessions.delete(first)
    await first.end()
    await waitFor('its place', () => rest(database).catch(() => undefined))
  })

  it('CONNECTION LIMIT of the role, which counts sessions and not backends', async () => {
    const database = await createDatabase()
    await owner.query(`ALTER ROLE "${user}" CONNECTION LIMIT 2`)
    try {
      const first = await rest(database)
      await rest(database)
      expect(await asAt(pooled, database)).toMatchObject({
        code: '53300',
        message: `too many connections for role "${user}"`,
      })
      sessions.delete(first)
      await first.end()
      await waitFor('its place', () => rest(database).catch(() => undefined))
    } finally {
      await owner.query(`ALTER ROLE "${user}" CONNECTION LIMIT -1`)
    }
  })
})

describe('a CONNECTION LIMIT that comes while backends are idle', () => {
  it('counts them out of the way of whoever logs in otherwise', async () => {
    const database = await createDatabase()
    const before = await Promise.all(Array.from({ length: 4 }, () => openPooled(database)))
    await Promise.all(before.map((session) => session.query('SELECT pg_sleep(0.1)')))
    for (const session of before) {
      sessions.delete(session)
      await session.end()
    }
    await owner.query(`ALTER DATABASE ${database} CONNECTION LIMIT 1`)
    const login = { user, password, database }
    await waitFor('a place at the direct endpoint', () =>
      inSession(lakegate, login, () => Promise.resolve(true)).catch(() => undefined),
    )
    const otherwise = await waitFor('a place of another pool', () =>
      pooledClient(lakegate, { ...login, application: 'another' }).catch(() => undefined),
    )
    sessions.add(otherwise)
    expect((await otherwise.query('SELECT 1')).rowCount).toBe(1)
  })
})

describe('what is set for the role or the database', () => {
  it.each([
    ['ALTER DATABASE … SET', (database: string) => `ALTER DATABASE ${database} SET work_mem = '7MB'`],
    ['ALTER ROLE … SET', () => `ALTER ROLE "${user}" SET work_mem = '7MB'`],
    [
      'ALTER ROLE … IN DATABASE … SET',
      (database: string) => `ALTER ROLE "${user}" IN DATABASE ${database} SET work_mem = '7MB'`,
    ],
  ])(
    'by %s holds for the next pooled login, and is gone for the one after its RESET',
    async (_by, change) => {
      const database = await createDatabase()
      const before = await rest(database)
      const common = await show(before, 'work_mem')
      try {
        await owner.query(change(database))
        expect(await show(await openPooled(database), 'work_mem')).toBe('7MB')
      } finally {
        await owner.query(change(database).replace(/ SET .*/, ' RESET work_mem'))
      }
      expect(await show(await openPooled(database), 'work_mem')).toBe(common)
    },
  )

  it('is gone after its RESET, although a session opened a backend meanwhile and nobody logged in', async () => {
    const database = await createDatabase()
    const session = await rest(database)
    const common = await show(session, 'work_mem')
    await owner.query(`ALTER DATABASE ${database} SET work_mem = '7MB'`)
    // Idle backends let it through and are gone then.
    await owner.query(`CREATE DATABASE ${newName()} TEMPLATE ${database}`)
    expect(await show(session, 'work_mem')).toBe('7MB')
    await owner.query(`ALTER DATABASE ${database} RESET work_mem`)
    await rest(database)
    expect(await show(session, 'work_mem')).toBe(common)
  })

  it('changes nothing of what an open session set for itself', async () => {
    const database = await createDatabase()
    const session = await openPooled(database)
    await session.query(`SET work_mem = '5MB'`)
    await owner.query(`ALTER DATABASE ${database} SET work_mem = '7MB'`)
    await rest(database)
    expect(await show(session, 'work_mem')).toBe('5MB')
  })
})

describe.each([
  ['direct', () => instance],
  ['pooled', () => pooled],
] as const)('at the %s endpoint', (_name, endpointOf) => {
  const run = async (sql: string) =>
    inSession(
      lakegate,
      {
        user: lakegate.ready.admin_user,
        password: await mintCredential(lakegate.admin, instance.name),
        instance: endpointOf(),
      },
      (session) => session.query(sql),
    )

  it('CREATE DATABASE works while a pooled session is connected to template1', async () => {
    await rest('template1')
    await run(`CREATE DATABASE ${newName()}`)
  })

  it('CREATE DATABASE … TEMPLATE works while backends of the template are idle', async () => {
    const database = await createDatabase()
    const session = await rest(database)
    await run(`CREATE DATABASE ${newName()} TEMPLATE ${database}`)
    expect((await session.query('SELECT 1')).rowCount).toBe(1)
  })

  it('ALTER DATABASE … RENAME works while backends are idle', async () => {
    const [database, other] = [await createDatabase(), newName()]
    await rest(database)
    await run(`ALTER DATABASE ${database} RENAME TO ${other}`)
    await rest(other)
  })

  it('DROP DATABASE works while backends are idle, with settings of their sessions too', async () => {
    const database = await createDatabase()
    const session = await rest(database)
    await session.query(`SET work_mem = '5MB'`)
    await run(`DROP DATABASE ${database}`)
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: '3D000' })
  })
})

describe('a session that keeps its backend', () => {
  it('is in the way of DROP DATABASE, and WITH (FORCE) ends it as a direct one', async () => {
    const database = await createDatabase()
    const session = await openPooled(database)
    await session.query('CREATE TEMPORARY TABLE kept (x int)')
    await expect(owner.query(`DROP DATABASE ${database}`)).rejects.toMatchObject({ code: '55006' })
    expect((await session.query('SELECT FROM kept')).rowCount).toBe(0)
    const lastWord = once(session, 'error')
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`)
    expect(await lastWord).toMatchObject([{ code: '57P01' }])
  })
})

describe('a database that was dropped and made again under its name', () => {
  it('is another one: sessions of the old one end, and new ones are in the new one', async () => {
    const database = await createDatabase()
    const before = await rest(database)
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await owner.query(`CREATE DATABASE ${database}`)
    const after = await rest(database)
    expect((await after.query('SELECT 1')).rowCount).toBe(1)
    await expect(before.query('SELECT 1')).rejects.toMatchObject({ code: '3D000' })
  })
})
