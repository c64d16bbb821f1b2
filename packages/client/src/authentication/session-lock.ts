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

/** A renewal takes one request with a time limit of half a minute. */
const LONGEST_WAIT = 60_000
/** Who holds a lock for longer is gone, even if another process has its number by now. */
const LONGEST_HOLD = 60_000
const PAUSE = 25

export async function withSessionLock<Result>(
  homeDirectory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const directory = path.join(homeDirectory, '.databricks')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const release =
    (await lockAsTheCli(path.join(directory, 'token-cache.lock'))) ??
    (await lockByFile(path.join(directory, 'token-cache.lakegate-lock')))
  try {
    return await work()
  } finally {
    await release()
  }
}

type Release = () => Promise<void>

/** The lock lives as long as `cat`, which ends with this process at the latest: its input is closed then. */
async function lockAsTheCli(file: string): Promise<Release | undefined> {
  if (process.platform === 'win32') return undefined
  const child = spawn(
    'flock',
    ['--wait', String(LONGEST_WAIT / 1000), file, 'sh', '-c', 'echo locked; cat'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const gone = new Promise<'gone'>((resolve) => {
    child.once('error', () => resolve('gone'))
    child.once('close', () => resolve('gone'))
  })
  // Written to after it is gone.
  child.stdin.on('error', () => undefined)
  const locked = once(child.stdout, 'data').then(
    () => 'locked' as const,
    () => 'gone' as const,
  )
  if ((await Promise.race([locked, gone])) === 'gone') return undefined
  return async () => {
    child.stdin.end()
    await gone
  }
}

async function lockByFile(file: string): Promise<Release> {
  const own = `${String(process.pid)} ${crypto.randomUUID()}`
  const end = Date.now() + LONGEST_WAIT
  for (;;) {
    if (await makeWith(file, `${String(Date.now())} ${own}`))
      return () => removeIf(file, (content) => content.endsWith(own))
    await removeIf(file, isLeftBehind)
    if (Date.now() > end)
      throw new LakegateError(
        `The sessions are in use by another process for a minute (${file}).`,
        `Remove ${file}.`,
      )
    await sleep(PAUSE)
  }
}

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

/** Takes the file away under a name of its own first, so that of two who find it left behind only one does. */
async function removeIf(file: string, may: (content: string) => boolean): Promise<void> {
  const content = await readFile(file, 'utf8').catch(() => undefined)
  if (content === undefined || !may(content)) return
  const aside = `${file}.${crypto.randomUUID()}`
  await rename(file, aside).then(
    () => rm(aside, { force: true }),
    () => undefined,
  )
}
