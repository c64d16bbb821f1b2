/** Only the backend that is meant is ended, on a real cluster: attached ones change their primary, and process ids come again. */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAdministrativeConnections } from '../../src/instances/administrative-connections.ts'
import { createBackendTermination } from '../../src/instances/session-termination.ts'
import type { RoleOid } from '../../src/domain/ids.ts'
import type { BackendToEnd } from '../../src/operations/ports/sessions.ts'
import { instanceRow } from '../operations/instance-world.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'

let cluster: ForeignCluster
let session: pg.Client
let backend: BackendToEnd
let roleOid: RoleOid

const clientOf = ({ host, port }: ForeignCluster, user: string, password: string) =>
  new pg.Client({ host, port, user, password, database: 'app', ssl: { ca: cluster.caPem } })

const instance = () =>
  instanceRow({
    backend: {
      kind: 'attached',
      bindings: 'system_database',
      cluster: {
        hosts: [{ host: cluster.host, port: cluster.port }],
        database: 'app',
        tls: { mode: 'verify-full', caPem: cluster.caPem },
        administrator: ADMINISTRATOR.user,
        backendAuthentication: 'scram',
        existingPasswords: 'refuse',
      },
    },
  })

const connections = createAdministrativeConnections({
  async connect() {
    const client = clientOf(cluster, ADMINISTRATOR.user, ADMINISTRATOR.password)
    await client.connect()
    return client
  },
  inSession: () => Promise.reject(new Error('nobody asks for this')),
})
const { terminateBackend } = createBackendTermination(
  { loadInstance: () => Promise.resolve(instance()) },
  connections,
)

beforeAll(async () => {
  cluster = await startForeignCluster({ administrator: 'CREATEROLE' })
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  await cluster.query("CREATE ROLE ada LOGIN PASSWORD 'secret'")
  const [ada] = await cluster.query<{ oid: RoleOid }>(
    "SELECT oid::text AS oid FROM pg_roles WHERE rolname = 'ada'",
  )
  if (ada === undefined) throw new Error('there is no ada')
  roleOid = ada.oid
  await cluster.query(`GRANT pg_signal_backend, pg_read_all_stats TO ${ADMINISTRATOR.user}`)
})
afterAll(async () => {
  await connections.closeAll()
  await cluster.stop()
})
beforeEach(async () => {
  session = clientOf(cluster, 'ada', 'secret')
  session.on('error', () => undefined)
  await session.connect()
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  backend = {
    processId: rows[0]?.pid ?? 0,
    roleOid,
    host: { host: cluster.host, port: cluster.port },
    ageMs: 0,
    onlyWhenIdle: false,
  }
})
afterEach(() => session.end())

describe('ending a session on an attached cluster', () => {
  it('ends its backend, whose client reads 57P01', async () => {
    const ended = new Promise<Error>((resolve) => session.once('error', resolve))
    await expect(terminateBackend(instance(), backend)).resolves.toBe(true)
    await expect(ended).resolves.toMatchObject({ code: '57P01' })
  })

  it('ends it also when its role was renamed meanwhile: the object id decides', async () => {
    await cluster.query('ALTER ROLE ada RENAME TO countess')
    try {
      await expect(terminateBackend(instance(), backend)).resolves.toBe(true)
    } finally {
      await cluster.query("ALTER ROLE countess RENAME TO ada; ALTER ROLE ada PASSWORD 'secret'")
    }
  })

  it.each<[string, Partial<BackendToEnd>]>([
    ['younger than the session, so that the process id came again', { ageMs: 60 * 60 * 1000 }],
    ['of another role', { roleOid: '10' as RoleOid }],
    [
      'on another host than the session, which was the primary then',
      { host: { host: '127.0.0.1', port: 1 } },
    ],
  ])('leaves a backend alone that is %s', async (_what, difference) => {
    await expect(terminateBackend(instance(), { ...backend, ...difference })).resolves.toBe(false)
    await expect(session.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
  })

  it('leaves a backend alone whose beginning the administrative role may not see', async () => {
    await cluster.query(`REVOKE pg_read_all_stats FROM ${ADMINISTRATOR.user}`)
    try {
      await expect(terminateBackend(instance(), backend)).resolves.toBe(false)
    } finally {
      await cluster.query(`GRANT pg_read_all_stats TO ${ADMINISTRATOR.user}`)
    }
  })
})
