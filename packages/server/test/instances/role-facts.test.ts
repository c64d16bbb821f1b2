/** What a login learns of a role, over a real PostgreSQL: many at once, each as if alone. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createAdministrativeConnections,
  type AdministrativeConnections,
} from '../../src/instances/administrative-connections.ts'
import type { AttachedBackend } from '../../src/domain/database-instance.ts'
import type { IdentityId, RoleOid } from '../../src/domain/ids.ts'
import type { KeptBinding } from '../../src/operations/ports/role-bindings.ts'
import { createInstanceRoles } from '../../src/instances/role-facts.ts'
import { clientConfigOf } from '../../src/store/system-database.ts'
import { instanceRow } from '../operations/instance-world.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

const LONGEST_NAME = 'r'.repeat(63)

/** Labels are in the catalog of an embedded instance. */
const NOTHING_KEPT = {
  loadBinding: () => Promise.reject(new Error('the system database keeps nothing of this instance')),
  listBoundTo: () => Promise.reject(new Error('the system database keeps nothing of this instance')),
}

let system: TestSystemDatabase
let connections: AdministrativeConnections
let statements: unknown[]

beforeAll(async () => {
  system = await startTestSystemDatabase()
  const client = new pg.Client(clientConfigOf(system.address))
  await client.connect()
  await client.query(`CREATE ROLE here LOGIN CONNECTION LIMIT 7`)
  await client.query(`CREATE ROLE ${LONGEST_NAME}`)
  await client.query(
    `CREATE DATABASE western ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
  )
  await client.end()
  connections = createAdministrativeConnections({
    async connect() {
      const connected = new pg.Client({ ...clientConfigOf(system.address), database: 'western' })
      await connected.connect()
      statements = []
      const query = connected.query.bind(connected) as (statement: unknown) => unknown
      connected.query = ((statement: unknown) => {
        statements.push(statement)
        return query(statement)
      }) as typeof connected.query
      return connected
    },
    inSession: () => Promise.reject(new Error('only standing connections are made')),
  })
})
afterAll(async () => {
  await connections.closeAll()
  await system.stop()
})

const ask = (names: readonly string[]) => {
  const { loadRoleFacts } = createInstanceRoles(connections, NOTHING_KEPT)
  return Promise.all(names.map((name) => loadRoleFacts(instanceRow(), name)))
}

describe('the roles of logins of one moment', () => {
  it('are asked for by one statement, and each login gets its own', async () => {
    await ask(['here'])
    statements = []
    const [here, nobody, again] = await ask(['here', 'nobody', 'here'])
    expect(here).toMatchObject({ name: 'here', canLogIn: true, connectionLimit: 7 })
    expect(again).toEqual(here)
    expect(nobody).toBeUndefined()
    expect(statements).toHaveLength(1)
  })

  it('are not those whose names begin with a longer one', async () => {
    const [exact, longer] = await ask([LONGEST_NAME, `${LONGEST_NAME}r`])
    expect(exact).toMatchObject({ name: LONGEST_NAME })
    expect(longer).toBeUndefined()
  })

  it('do not suffer from a name that the encoding of the database cannot spell, which is nobody’s', async () => {
    expect(await ask(['here', '字', 'nobody'])).toMatchObject([{ name: 'here' }, undefined, undefined])
  })
})

describe('the database that a pooled login asks for', () => {
  const facts = async (database: string, role = 'here') => {
    const { loadRoleFacts } = createInstanceRoles(connections, NOTHING_KEPT)
    return loadRoleFacts(instanceRow(), role, database)
  }
  const run = async (sql: string) => {
    const client = new pg.Client(clientConfigOf(system.address))
    await client.connect()
    await client.query(sql)
    await client.end()
  }

  it('is told of in the statement for the role, also for logins to several databases', async () => {
    await ask(['here'])
    statements = []
    const { loadRoleFacts } = createInstanceRoles(connections, NOTHING_KEPT)
    const [template, western, none] = await Promise.all(
      ['template1', 'western', undefined].map((name) => loadRoleFacts(instanceRow(), 'here', name)),
    )
    expect(statements).toHaveLength(1)
    expect(template?.database).toMatchObject({ isTemplate: true, mayConnect: true, connectionLimit: -1 })
    expect(western?.database).toMatchObject({ isTemplate: false, allowsConnections: true, isInvalid: false })
    expect(western?.database?.oid).not.toBe(template?.database?.oid)
    expect(none).toMatchObject({ name: 'here', database: undefined })
  })

  it('is none when nothing is called so, and when no name can be spelt so', async () => {
    for (const name of ['nothing', '字', '']) {
      const role = await facts(name)
      expect(role).toMatchObject({ name: 'here' })
      expect(role?.database).toBeUndefined()
    }
  })

  it('may be closed to the role: CONNECT is what the role has, and what PUBLIC has', async () => {
    await run('REVOKE CONNECT ON DATABASE western FROM PUBLIC')
    expect((await facts('western'))?.database?.mayConnect).toBe(false)
    await run('GRANT CONNECT ON DATABASE western TO here')
    expect((await facts('western'))?.database?.mayConnect).toBe(true)
    expect((await facts('western', LONGEST_NAME))?.database?.mayConnect).toBe(false)
    await run('GRANT CONNECT ON DATABASE western TO PUBLIC')
  })

  it.each([
    'ALTER ROLE here SET work_mem = 1000',
    'ALTER ROLE ALL SET work_mem = 1001',
    'ALTER DATABASE western SET work_mem = 1002',
    'ALTER ROLE here IN DATABASE western SET work_mem = 1003',
    'ALTER ROLE here RESET work_mem',
  ])('has another fingerprint of its settings after %s', async (change) => {
    const before = await facts('western')
    const again = await facts('western')
    expect(again).toEqual(before)
    await run(change)
    expect((await facts('western'))?.database?.settingsFingerprint).not.toBe(
      before?.database?.settingsFingerprint,
    )
  })

  it('has the same fingerprint when another role or another database is changed', async () => {
    const before = await facts('western')
    await run(`ALTER ROLE ${LONGEST_NAME} SET work_mem = 1000`)
    await run(`ALTER DATABASE template1 SET work_mem = 1000`)
    expect(await facts('western')).toEqual(before)
  })
})

describe('a role of a cluster whose bindings are in the system database', () => {
  const backend = (bindings: AttachedBackend['bindings']): AttachedBackend => ({
    kind: 'attached',
    bindings,
    cluster: {
      hosts: [{ host: 'db.example.com', port: 5432 }],
      database: 'app',
      tls: { mode: 'verify-full', caPem: undefined },
      administrator: 'lakegate_admin',
      backendAuthentication: 'scram',
      existingPasswords: 'refuse',
    },
  })
  const instance = instanceRow({ backend: backend('system_database') })
  const IDENTITY = { id: '4711' as IdentityId, type: 'USER' as const }
  const keptOf = (oid: string, name: string): KeptBinding => ({
    role: { oid: oid as RoleOid, name },
    binding: IDENTITY,
    isMadeByLakegate: true,
  })
  const rolesWith = (kept: KeptBinding | undefined) =>
    createInstanceRoles(connections, {
      loadBinding: () => Promise.resolve(kept),
      listBoundTo: () => Promise.resolve(kept === undefined ? [] : [kept]),
    })
  let oid: string
  beforeAll(async () => {
    oid = (await ask(['here']))[0]?.oid ?? ''
  })

  it('is bound when object id and name are those that were bound, and else to nobody', async () => {
    const bindingWith = async (kept: KeptBinding | undefined) =>
      (await rolesWith(kept).loadRoleFacts(instance, 'here'))?.binding
    expect(await bindingWith(keptOf(oid, 'here'))).toEqual(IDENTITY)
    expect(await bindingWith(keptOf('999999', 'here'))).toBeUndefined()
    expect(await bindingWith(keptOf(oid, 'renamed'))).toBeUndefined()
    expect(await bindingWith(undefined)).toBeUndefined()
  })

  it('counts for minting only while the role is there under both', async () => {
    const isBound = (kept: KeptBinding | undefined) => rolesWith(kept).hasRoleBoundTo(instance, [IDENTITY.id])
    expect(await isBound(keptOf(oid, 'here'))).toBe(true)
    expect(await isBound(keptOf('999999', 'here'))).toBe(false)
    expect(await isBound(keptOf(oid, 'renamed'))).toBe(false)
    expect(await isBound(undefined)).toBe(false)
  })

  it('is named to who it is bound to only while it is there under both', async () => {
    const names = (kept: KeptBinding | undefined, atMost = 10) =>
      rolesWith(kept).listRoleNamesBoundTo(instance, [IDENTITY.id], atMost)
    expect(await names(keptOf(oid, 'here'))).toEqual(['here'])
    expect(await names(keptOf(oid, 'here'), 0)).toEqual([])
    expect(await names(keptOf('999999', 'here'))).toEqual([])
    expect(await names(keptOf(oid, 'renamed'))).toEqual([])
    expect(await names(undefined)).toEqual([])
  })

  it('costs a login no round trip more: the system database is asked while the cluster is', async () => {
    const asked: string[] = []
    let answerBinding: (kept: KeptBinding) => void = () => undefined
    const roles = createInstanceRoles(
      {
        ...connections,
        query: async (...words) => {
          asked.push('cluster')
          // The cluster answers only when the system database was asked as well; one after the other would never end.
          answerBinding(keptOf(oid, 'here'))
          return connections.query(...words)
        },
      },
      {
        loadBinding: () => {
          asked.push('system database')
          return new Promise<KeptBinding>((resolve) => {
            answerBinding = resolve
          })
        },
        listBoundTo: () => Promise.resolve([]),
      },
    )
    expect((await roles.loadRoleFacts(instance, 'here'))?.binding).toEqual(IDENTITY)
    expect(asked).toEqual(['system database', 'cluster'])
  })

  it('is not known while the system database does not answer', async () => {
    const roles = createInstanceRoles(connections, {
      loadBinding: () => Promise.reject(new Error('no answer')),
      listBoundTo: () => Promise.reject(new Error('no answer')),
    })
    await expect(roles.loadRoleFacts(instance, 'here')).rejects.toThrow('no answer')
    await expect(roles.hasRoleBoundTo(instance, [IDENTITY.id])).rejects.toThrow('no answer')
  })

  it('is not known as long as its binding is still in a table of the cluster, which is never asked', async () => {
    const old = instanceRow({ backend: backend('table') })
    statements = []
    const roles = rolesWith(keptOf(oid, 'here'))
    await expect(roles.loadRoleFacts(old, 'here')).rejects.toMatchObject({
      code: 'bindings_not_taken_over',
      retryable: true,
    })
    await expect(roles.hasRoleBoundTo(old, [IDENTITY.id])).rejects.toMatchObject({ retryable: true })
    expect(statements).toEqual([])
  })
})
