/**
 * What runs on this machine, for `lakegate status`: each server leaves a file in `running/` of its data directory while it
 * runs. It holds no secret. The file of a server that was killed is removed by the next start.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { readVersion } from '../cli/version.ts'
import type { LoadedSettings } from '../config/load.ts'
import type { Log } from '../observation/log.ts'
import { describeGatewayRuntime } from './gateway-runtime.ts'
import { workerCountOf } from './worker-count.ts'

export const RUNNING_DIRECTORY = 'running'

export interface RunningRecord {
  /** `up`, or the role of `serve`. */
  readonly role: 'everything' | 'control' | 'gateway'
  readonly pid: number
  /** ISO. */
  readonly started_at: string
  readonly lakegate_version: string
  readonly node_version: string
  /** Of REST and OAuth, as tokens name it; left out for a gateway alone. */
  readonly public_url?: string
  /** Answers /healthz and /readyz on this machine. */
  readonly health_url: string
  /** Left out for a control plane alone. */
  readonly gateway?: { readonly runtime: string; readonly workers: number }
}

/**
 * Never makes a start fail: it is for people to look at.
 * @returns a function that removes it
 */
export async function leaveRunningRecord(
  dataDirectory: string,
  facts: Omit<RunningRecord, 'pid' | 'started_at' | 'lakegate_version' | 'node_version'>,
  log: Pick<Log, 'warn'>,
): Promise<() => Promise<void>> {
  const directory = path.join(dataDirectory, RUNNING_DIRECTORY)
  const file = path.join(directory, `${String(process.pid)}.json`)
  const record: RunningRecord = {
    ...facts,
    pid: process.pid,
    started_at: new Date(Date.now() - process.uptime() * 1000).toISOString(),
    lakegate_version: readVersion(),
    node_version: process.versions.node,
  }
  try {
    // A gateway alone may have a data directory that does not exist; it is not made for this.
    await mkdir(directory, { mode: 0o700 }).catch(ignoreExisting)
    await removeOfEnded(directory)
    const unfinished = `${file}.${randomUUID()}`
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`)
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    if (facts.role !== 'gateway') log.warn({ err: error, file }, 'lakegate status will not find this server')
    return () => Promise.resolve()
  }
  return () => rm(file, { force: true })
}

export const describeGateway = (settings: LoadedSettings): RunningRecord['gateway'] & object => ({
  runtime: describeGatewayRuntime(settings),
  workers: workerCountOf(settings),
})

/** Of servers that were killed. */
async function removeOfEnded(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(/^(\d+)\.json/.exec(name)?.[1])
    if (Number.isInteger(pid) && pid !== process.pid && !isAlive(pid))
      await rm(path.join(directory, name), { force: true })
  }
}

/** Whether there is a process of this number, of whatever account. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}
