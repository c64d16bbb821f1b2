/** What a login learns of a role, over a real PostgreSQL: many at once, each as if alone. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createAdministrativeConnections,
  type AdministrativeConnections,
} from '../../src/instances/administrative-connections.ts'
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
