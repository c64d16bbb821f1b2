/**
 * Drivers that prepare in the server by themselves, at the pooled endpoint: pgjdbc and psycopg, unmodified
 * (behaviour 75), with more sessions than there are backends. Each is skipped by name where it cannot be had.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { installPgjdbc } from '../stage/java-client.ts'
import { pooledEndpointOf, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { asOwner, createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'

const run = promisify(execFile)
/** One for each of two workers. */
const BACKENDS = 2
const SESSIONS = 8
const ROUNDS = 20
const PGJDBC = fileURLToPath(new URL('PgjdbcPooled.java', import.meta.url))
const PSYCOPG = fileURLToPath(new URL('pooled-psycopg.py', import.meta.url))

const pgjdbc = await installPgjdbc()
const psycopg = await installPythonClient('psycopg[binary]==3.3.9')
let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let user: string
let password: string

beforeAll(async () => {
  lakegate = await startWithOneBackend({
    LAKEGATE_POOL_SIZE: String(BACKENDS),
    LAKEGATE_GATEWAY_WORKERS: '2',
  })
  const principal = await createServicePrincipal(lakegate, 'driver')
  await createRoleFor(lakegate, principal)
  user = principal.applicationId
  password = await principal.workspaceToken()
})
afterAll(async () => {
  await psycopg.remove()
  await pgjdbc.remove()
  await lakegate.remove()
})

const createLedger = (name: string, columns: string) =>
  asOwner(lakegate, async (owner) => {
    await owner.query(`CREATE TABLE ${name} (${columns})`)
    await owner.query(`GRANT ALL ON ${name} TO "${user}"`)
  })

describe.skipIf(pgjdbc.missing !== undefined)('pgjdbc', () => {
  beforeEach(() => createLedger('jdbc_ledger', 'session int, round int'))

  it('runs transactions by statements that it prepares in the server, read in parts and in binary', async () => {
    const { host, port } = pooledEndpointOf(lakegate)
    const { database } = lakegate.ready.instance
    // From the first use on, which is not its default of five.
    const options = `prepareThreshold=1&binaryTransfer=true&sslmode=verify-full&sslrootcert=${lakegate.ready.ca_file}`
    const url = `jdbc:postgresql://${host}:${String(port)}/${database}?${options}`
    const right = await pgjdbc.run(PGJDBC, url, user, password, String(SESSIONS), String(ROUNDS))
    expect(Number(right)).toBe(SESSIONS * ROUNDS)
  })
})

describe.skipIf(psycopg.missing !== undefined)('psycopg', () => {
  beforeEach(() => createLedger('psycopg_ledger', 'session int, step int'))

  it('runs transactions and pipelines by statements that it prepares in the server and closes again', async () => {
    const parameters = {
      ...pooledEndpointOf(lakegate),
      ...{ user, password, dbname: lakegate.ready.instance.database },
      ...{ sslmode: 'verify-full', sslrootcert: lakegate.ready.ca_file },
    }
    const args = [PSYCOPG, JSON.stringify(parameters), String(SESSIONS), String(ROUNDS)]
    const { stdout } = await run(psycopg.python, args)
    expect(JSON.parse(stdout)).toMatchObject({ right: SESSIONS * ROUNDS })
  })
})
