/**
 * One renewal of sessions at a time. A refresh token is replaced when it is used, and whoever uses the old one later ends the
 * session. The Databricks CLI takes flock(2) on ~/.databricks/token-cache.lock for this; Node cannot, so the program flock(1)
 * does it where it is there, and otherwise a file that only one can make.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LakegateError } from '../errors.ts'

/** A renewal takes three requests, which together have a time limit of 65 seconds. */
const LONGEST_WAIT = 90_000
/** Who holds a lock for longer is gone, even if another process has its number by now. */
const LONGEST_HOLD = 180_000
/** Of flock(1), when it has waited in vain; no status that it has for anything else (sysexits.h). */
const TIMED_OUT = 100
/** Of flock(1) where it does not know an option: EX_USAGE of util-linux, 1 of BusyBox. */
const OF_UNKNOWN_OPTIONS: readonly unknown[] = [64, 1]
const PAUSE = 25

export async function withSessionLock<Result>(
  homeDirectory: string,
  work: () => Promise<Result>,
  longestWait = LONGEST_WAIT,
): Promise<Result> {
  const directory = path.join(homeDirectory, '.databricks')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const release =
    (await lockAsTheCli(path.join(directory, 'token-cache.lock'), longestWait)) ??
    (await lockByFile(path.join(directory, 'token-cache.lakegate-lock'), longestWait))
  try {
    return await work()
  } finally {
    await release()
  }
}

type Release = () => Promise<void>

/**
 * The lock lives as long as `cat`, which ends with this process at the latest: its input is closed then.
 * @returns undefined where there is no flock(1) that can do it
 * @throws LakegateError when another process holds it for too long: to go on would be to renew beside it
 */
async function lockAsTheCli(file: string, longestWait: number): Promise<Release | undefined> {
  if (process.platform === 'win32') return undefined
  const options = ['--wait', String(longestWait / 1000), '--conflict-exit-code', String(TIMED_OUT)]
  const child = spawn('flock', [...options, file, 'sh', '-c', 'echo locked; cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const gone = new Promise<unknown>((resolve) => {
    child.once('error', (error) => resolve('code' in error ? error.code : error))
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
  // Written to after it is gone.
  child.stdin.on('error', () => undefined)
  const isLocked = await Promise.race([
    once(child.stdout, 'data').then(
      () => true,
      () => false,
    ),
    gone.then(() => false),
  ])
  if (!isLocked) {
    const why = await gone
    if (why === 'ENOENT' || OF_UNKNOWN_OPTIONS.includes(why)) return undefined
    throw why === TIMED_OUT
      ? inUse(
          file,
          longestWait,
          'End that process, such as a databricks auth login that waits for its browser.',
        )
      : new LakegateError(
          `The sessions cannot be locked: flock ended with ${String(why)} (${file}).`,
          'Check that the directory is yours, writable, and on a disk that knows locks.',
        )
  }
  return async () => {
    child.stdin.end()
    await gone
  }
}

async function lockByFile(file: string, longestWait: number): Promise<Release> {
  const own = `${String(process.pid)} ${crypto.randomUUID()}`
  const end = Date.now() + longestWait
  for (;;) {
    if (await makeWith(file, `${String(Date.now())} ${own}`))
      return () => removeIf(file, (content) => content.endsWith(own))
    await removeIf(file, isLeftBehind)
    if (Date.now() > end) throw inUse(file, longestWait, `Remove ${file}.`)
    await sleep(PAUSE)
  }
}

const inUse = (file: string, longestWait: number, nextStep: string): LakegateError =>
  new LakegateError(
    `The sessions are in use by another process for ${String(longestWait / 1000)} seconds (${file}).`,
    nextStep,
  )

/** The file appears with its content, or not at all. @returns false when there is one */
async function makeWith(file: string, content: string): Promise<boolean> {
  const aside = `${file}.${crypto.randomUUID()}`
  await writeFile(aside, content, { flag: 'wx', mode: 0o600 })
  try {
    await link(aside, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(aside, { force: true })
  }
}

function isLeftBehind(content: string): boolean {
  const [since = 0, pid = 0] = content.split(' ').map(Number)
  if (!(Date.now() - since <= LONGEST_HOLD)) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/**
 * Takes the file away under a name of its own first, so that of two who find it left behind only one does. Between the look at
 * it and that, the other may have been faster and have made its own: that one is put back.
 */
async function removeIf(file: string, may: (content: string) => boolean): Promise<void> {
  const content = await readFile(file, 'utf8').catch(() => undefined)
  if (content === undefined || !may(content)) return
  const aside = `${file}.${crypto.randomUUID()}`
  try {
    await rename(file, aside)
  } catch {
    return
  }
  const taken = await readFile(aside, 'utf8').catch(() => undefined)
  if (taken !== content) await link(aside, file).catch(() => undefined)
  await rm(aside, { force: true })
}
