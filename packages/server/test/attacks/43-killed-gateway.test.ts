/** Attack 43: `kill -9` of a process of the gateway cuts what that process serves, leaves no backend, and nothing else. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopClusters } from '../stage/clusters.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { isRunning, workersOf } from '../stage/workers.ts'
import { GATEWAY_RUNTIME_HERE } from '../stage/gateway-runtimes.ts'

const environment = { LAKEGATE_GATEWAY_WORKERS: '2', LAKEGATE_LOGINS_PER_ADDRESS: '200' }
let lakegate: RunningLakegate
let dataDirectory: string
let sessions: pg.Client[]

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  lakegate = await startLakegate({ dataDirectory, environment })
})
afterAll(async () => {
  await lakegate.stop()
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
})

async function openSession(): Promise<pg.Client> {
  const password = await mintCredential(lakegate.admin, 'dev')
  const client = await databaseClient(lakegate, { user: lakegate.ready.admin_user, password })
  await client.connect()
  return client
}

const answers = (session: pg.Client): Promise<boolean> =>
  session.query('SELECT 1').then(
    ({ rowCount }) => rowCount === 1,
    () => false,
  )

const backends = (): Promise<number> =>
  asOwner(lakegate, async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()`,
      [lakegate.ready.admin_user],
    )
    return rowCount ?? 0
  })

/** At once. That one of two workers gets all of them happens once in 32,768 times. */
const SESSIONS = 16
const spreadsEvenly = process.platform === 'linux' && GATEWAY_RUNTIME_HERE === 'bun'

describe('a killed worker', () => {
  it('takes its own sessions with it and no others, leaves no backend behind, and is replaced', async () => {
    sessions = await Promise.all(Array.from({ length: SESSIONS }, openSession))
    const [victim, other] = await workersOf(lakegate.process.pid)
    if (victim === undefined || other === undefined) throw new Error('there are no two workers')
    process.kill(victim, 'SIGKILL')
    await waitFor('the new worker', async () => {
      const workers = await workersOf(lakegate.process.pid)
      return workers.length === 2 && !workers.includes(victim) && workers.includes(other)
    })
    const alive = await Promise.all(sessions.map(answers))
    sessions = sessions.filter((_session, index) => alive[index] === true)
    const kept = sessions.length
    // Where workers share one socket, the first to wake may have taken them all.
    if (spreadsEvenly) expect(kept).toBeGreaterThan(0)
    if (spreadsEvenly) expect(kept).toBeLessThan(SESSIONS)
    await waitFor('the end of the cut sessions', async () => (await backends()) === kept)
  })

  it('gives back the places that its connections took', async () => {
    // More than an address may have at a time, half of them lost with the worker in the middle of their login.
    const { host, port } = lakegate.ready.instance
    const halfway = Array.from({ length: 190 }, () => connect(port, host).on('error', () => undefined))
    await Promise.all(halfway.map((socket) => once(socket, 'connect')))
    const before = await workersOf(lakegate.process.pid)
    const survivor = before.at(-1)
    for (const worker of before) if (worker !== survivor) process.kill(worker, 'SIGKILL')
    await waitFor('the new worker', async () => {
      const workers = await workersOf(lakegate.process.pid)
      return workers.length === 2 && workers.some((worker) => !before.includes(worker))
    })
    const more = Array.from({ length: 80 }, () => connect(port, host).on('error', () => undefined))
    await Promise.all(more.map((socket) => once(socket, 'connect')))
    await expect(waitFor('a login', () => backends().then(() => true))).resolves.toBe(true)
    for (const socket of [...halfway, ...more]) socket.destroy()
    sessions = (
      await Promise.all(sessions.map(async (session) => ((await answers(session)) ? [session] : [])))
    ).flat()
  })
})

describe('a killed main process', () => {
  it('leaves open sessions alone, and the next one listens at the same address while they go on', async () => {
    const session = await openSession()
    const workers = await workersOf(lakegate.process.pid)
    const { ready } = lakegate
    await lakegate.kill()
    expect(await answers(session)).toBe(true)
    const late = connect(ready.instance.port, ready.instance.host)
    const [refusal] = (await once(late, 'error')) as [Error]
    expect(refusal).toMatchObject({ code: 'ECONNREFUSED' })

    lakegate = await startLakegate({ dataDirectory, environment })
    expect(lakegate.ready.instance).toEqual(ready.instance)
    expect(await answers(session)).toBe(true)
    await expect(asOwner(lakegate, answers)).resolves.toBe(true)

    await session.end()
    await Promise.all(sessions.map((open) => open.end()))
    await waitFor('the end of the workers that were left', () => !workers.some(isRunning))
    await expect(waitFor('the end of the sessions', async () => (await backends()) === 0)).resolves.toBe(true)
  })
})
