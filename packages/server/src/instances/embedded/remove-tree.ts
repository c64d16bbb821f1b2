/**
 * Removes a directory with its contents. What belongs to the account that runs PostgreSQL is removed by a process of
 * that account: the account could create a link meanwhile that leads root to another place.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from './error-code.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'

/** A program that was left running may still create files in the directory; it ends soon. */
const ATTEMPTS = 10
const PAUSE_MS = 100
const WRITABLE_BY_OTHERS = 0o022

/**
 * Removes a tree; succeeds also when it does not exist. Its parent must be one of our directories.
 * @throws Fault directory_not_removable
 */
export async function removeTree(target: string, account: OperatingSystemAccount): Promise<void> {
  if (account.spawnAs === undefined) {
    await rm(target, { recursive: true, force: true, maxRetries: ATTEMPTS, retryDelay: PAUSE_MS })
    return
  }
  for (let attempt = 1; ; attempt += 1) {
    const problem = await tryToRemove(target, account)
    if (problem === undefined) return
    if (attempt === ATTEMPTS) throw notRemovable(target, problem)
    await pause(PAUSE_MS * attempt)
  }
}

/** @returns what prevented the removal */
async function tryToRemove(target: string, account: OperatingSystemAccount): Promise<string | undefined> {
  try {
    const found = await lstat(target)
    if (!found.isDirectory()) {
      await unlink(target)
      return undefined
    }
    let problem: string | undefined
    if (found.uid !== process.getuid?.()) problem = await removeAsAccount(target, account)
    else if ((found.mode & WRITABLE_BY_OTHERS) !== 0) return `others can write into ${target}`
    else {
      for (const name of await readdir(target))
        problem ??= await tryToRemove(path.join(target, name), account)
    }
    try {
      // Follows no link, and removes only an empty directory.
      await rmdir(target)
      return undefined
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
      return problem ?? `${target} is not empty`
    }
  } catch (error) {
    // Removed by somebody else meanwhile, or by an earlier attempt.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * rm(1) empties the directory. Its last step, removing the directory itself from ours, fails because the account may
 * not do that.
 */
async function removeAsAccount(target: string, account: OperatingSystemAccount): Promise<string | undefined> {
  const child = spawn('rm', ['-rf', '--', target], {
    ...account.spawnAs,
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => {
    printed = `${printed}${chunk.toString('utf8')}`.slice(0, 1024)
  })
  await once(child, 'close')
  return printed === '' ? undefined : printed.trim().split('\n')[0]
}

const notRemovable = (target: string, problem: string): Fault =>
  new Fault({
    code: 'directory_not_removable',
    origin: 'machine',
    message: `${target} cannot be removed: ${problem}.`,
    nextStep: 'Look for files in it that PostgreSQL did not make, and remove it by hand.',
  })
