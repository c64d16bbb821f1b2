/**
 * `kill -9` of each process while clients log in, write and are refused: what was acknowledged is there, the system
 * heals by itself, and nobody is let in who should not be (DESIGN §8).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instancePostmaster, stopClusters, systemPostmaster } from '../stage/clusters.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workersOf } from '../stage/workers.ts'
import { startLoad } from './load.ts'

/** Acknowledged writes before the kill and again behind it. */
const SOME_WRITES = 30

let dataDirectory: string
let lakegate: RunningLakegate

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  lakegate = await startLakegate({ dataDirectory })
})
afterAll(async () => {
  await lakegate.stop()
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
})

const present = <Value>(value: Value | undefined, what: string): Value => {
  if (value === undefined) throw new Error(`there is no ${what}`)
  return value
}

/** Whether the process was there to be killed. */
function wasKilled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Writes, kills, waits until as much has been written again, and compares. */
async function killUnderLoad(kill: () => Promise<void>): Promise<void> {
  const current = await startLoad(() => lakegate)
  try {
    await waitFor('some writes', () => current.acknowledged() >= SOME_WRITES)
    await kill()
    const before = current.acknowledged()
    await waitFor(
      'writes of clients that logged in again',
      () => current.acknowledged() >= before + SOME_WRITES,
    )
    await waitFor('a refusal behind the kill', () => current.refused() > 0)
  } finally {
    // Also behind a failure: a load that goes on would log in to the next test's Lakegate.
    await current.stop()
  }
  const written = await asOwner(lakegate, async (client) => {
    const { rows } = await client.query<{ entry: string }>('SELECT entry FROM kept')
    return new Set(rows.map(({ entry }) => entry))
  })
  expect(current.entries().filter((entry) => !written.has(entry))).toEqual([])
  expect(current.admittedWrongly()).toBe(0)
}

describe('under load, kill -9 of', () => {
  it('a backend loses nothing that was acknowledged', async () => {
    await killUnderLoad(async () => {
      await asOwner(lakegate, async (client) =>
        // Between two sessions of the writers there may be no backend for a moment, and the one found may have ended since.
        waitFor('a backend that writes, and was killed', async () => {
          const { rows } = await client.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                AND query LIKE 'INSERT%' LIMIT 1`,
          )
          const [writing] = rows
          return writing !== undefined && wasKilled(writing.pid)
        }),
      )
    })
  })

  it('the postmaster of the instance loses nothing that was acknowledged', async () => {
    await killUnderLoad(async () => {
      const pid = await instancePostmaster(dataDirectory, lakegate.ready.instance.uid)
      process.kill(present(pid, 'postmaster'), 'SIGKILL')
    })
  })

  it('the system database refuses logins for a moment and disturbs no open session', async () => {
    const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const open = await databaseClient(lakegate, { user: lakegate.ready.admin_user, password })
    await open.connect()
    const { rows: before } = await open.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await killUnderLoad(async () => {
      process.kill(present(await systemPostmaster(dataDirectory), 'postmaster'), 'SIGKILL')
      await expect(open.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    })
    const { rows: after } = await open.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    expect(after).toEqual(before)
    await open.end()
  })

  it('a gateway worker ends only the sessions that it had', async (context) => {
    const workers = await workersOf(lakegate.process.pid)
    context.skip(workers.length === 0, 'this machine has one core, and Lakegate no workers')
    const [doomed] = workers
    await killUnderLoad(async () => {
      process.kill(present(doomed, 'worker'), 'SIGKILL')
    })
    expect(lakegate.process.exitCode).toBeNull()
  })

  it('Lakegate itself loses nothing that was acknowledged, once it is started again', async () => {
    await killUnderLoad(async () => {
      await lakegate.kill()
      lakegate = await startLakegate({ dataDirectory })
    })
  })
})
