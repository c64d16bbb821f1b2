/**
 * The postmaster process: started detached, so that it outlives Lakegate; found again by its pid file; ended by signal.
 * A pid alone proves nothing: the process must also run as the owner of the data directory and have that directory as
 * its working directory.
 */
import { execFile, spawn } from 'node:child_process'
import { lstat, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Fault } from '../../domain/fault.ts'
import type { PostgresBinaries } from './binaries.ts'
import { configurationFileIn } from './configuration-files.ts'
import { hasCode } from './error-code.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { isThere, openNewFile, readEnd } from './own-files.ts'
import type { ClusterPlaces } from './places.ts'

const POLL_MS = 50
const EXIT_POLL_MS = 250
/** How long each signal that asks a postmaster to end is given before the next, harsher one. */
const GRACE_MS = { SIGINT: 30_000, SIGQUIT: 10_000, SIGKILL: 10_000 } as const

/** The process id of the postmaster that runs in this data directory; undefined when none does. */
export async function findPostmaster(data: string): Promise<number | undefined> {
  const pid = await readPidFile(data)
  return pid !== undefined && (await worksIn(pid, data)) ? pid : undefined
}

const LONGEST_PID_FILE = 4096

/** First line of postmaster.pid (PostgreSQL, utils/pidfile.h). The account writes it, so it may contain anything. */
async function readPidFile(data: string): Promise<number | undefined> {
  const owner = await ownerOf(data)
  if (owner === undefined) return undefined
  const text = await readEnd(path.join(data, 'postmaster.pid'), LONGEST_PID_FILE, [owner])
  const pid = Number(text?.split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : undefined
}

/**
 * A postmaster changes into its data directory and stays there. Without /proc, its arguments are looked at instead.
 */
async function worksIn(pid: number, data: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return hasDataDirectory(pid, data)
  try {
    const where = await readlink(`/proc/${String(pid)}/cwd`)
    return where === (await realpath(data)) && (await accountOf(pid)) === (await ownerOf(data))
  } catch {
    // It ended meanwhile, or it is a process of another account, which our postmaster never is.
    return false
  }
}

/** Without /proc its arguments tell: `-D` and the directory, as startPostmaster gives them. */
const hasDataDirectory = (pid: number, data: string): Promise<boolean> =>
  promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).then(
    ({ stdout }) => `${stdout.trim()} `.includes(` -D ${data} `),
    // ps ends with 1 when the process has ended meanwhile.
    () => false,
  )

const ownerOf = (data: string): Promise<number | undefined> =>
  lstat(data).then(
    ({ uid }) => uid,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    },
  )

/** Its effective user id. Another process in that directory, such as the operator's shell, is not PostgreSQL's. */
async function accountOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]
  return uid === undefined ? undefined : Number(uid)
}

/** How long backends of a dead postmaster get to end by themselves, and then after SIGTERM. */
const ORPHAN_GRACE_MS = { SIGTERM: 3_000, SIGKILL: 10_000 } as const

/**
 * Ends the backends that a killed postmaster left behind. They would continue to use shared memory that the next
 * postmaster must not share (PostgreSQL, "Shutting Down the Server", on SIGKILL). They are recognised by their working
 * directory, like the postmaster; without /proc, PostgreSQL's own interlock has to do.
 */
async function endOrphans(data: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    let orphans = await findProcessesIn(data)
    for (const pid of orphans) sendSignal(pid, signal)
    const giveUpAt = performance.now() + ORPHAN_GRACE_MS[signal]
    while (orphans.length > 0 && performance.now() < giveUpAt) {
      await pause(POLL_MS)
      orphans = await findProcessesIn(data)
    }
    if (orphans.length === 0) return
  }
}

async function findProcessesIn(data: string): Promise<readonly number[]> {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map(async (pid) => ((await worksIn(pid, data)) ? pid : undefined)))
  return found.filter((pid) => pid !== undefined)
}

/** Starts it; `waitUntilReady` checks whether it comes up. */
export async function startPostmaster(request: {
  readonly places: ClusterPlaces
  readonly socketDirectory: string
  readonly binaries: PostgresBinaries
  readonly account: OperatingSystemAccount
}): Promise<void> {
  const { places } = request
  const { data } = places
  await endOrphans(data)
  // Left by a crash or a reboot. If the pid in it now belongs to another process of the account, PostgreSQL would take
  // that for its postmaster; the same is true of a dead postmaster that stays a zombie, in a container whose first
  // process reaps no orphans.
  await rm(path.join(data, 'postmaster.pid'), { force: true })
  await rm(path.join(request.socketDirectory, '.s.PGSQL.5432.lock'), { force: true })
  const log = await openNewFile(places.log)
  try {
    const programArguments = ['-D', data, '-c', `config_file=${configurationFileIn(places)}`]
    const postmaster = spawn(request.binaries.postgres, programArguments, {
      ...request.account.spawnAs,
      cwd: data,
      detached: true,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
    })
    await new Promise<void>((resolve, reject) => {
      postmaster.once('spawn', resolve)
      postmaster.once('error', reject)
    })
    postmaster.unref()
  } finally {
    await log.close()
  }
}

/**
 * Fast shutdown, then immediate, then kill (PostgreSQL, "Shutting Down the Server"). Does nothing when no postmaster
 * runs.
 */
export async function stopPostmaster(data: string): Promise<void> {
  const pid = await findPostmaster(data)
  if (pid === undefined) return
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await worksIn(pid, data))) return
    sendSignal(pid, signal)
    const giveUpAt = performance.now() + GRACE_MS[signal]
    while (await worksIn(pid, data)) {
      if (performance.now() > giveUpAt) break
      await pause(POLL_MS)
    }
  }
  if (await worksIn(pid, data)) {
    throw new Fault({
      code: 'postmaster_does_not_end',
      origin: 'machine',
      message: `The postmaster of ${data} (process ${String(pid)}) does not end.`,
      nextStep: 'See whether the machine is short of I/O, and end the process by hand.',
      retryable: true,
    })
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * Works also for an adopted postmaster, which is not our child, so its exit is not signalled to us.
 * @param socket without it nobody can reach the postmaster, which then counts as gone
 */
export async function waitForPostmasterExit(
  data: string,
  socket: string,
  signal?: AbortSignal,
): Promise<void> {
  while (signal?.aborted !== true && (await findPostmaster(data)) !== undefined && (await isThere(socket))) {
    await pause(EXIT_POLL_MS, undefined, { ref: false })
  }
}
