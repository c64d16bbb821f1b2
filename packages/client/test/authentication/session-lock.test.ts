/** One at a time, in this process and in others, with the CLI's lock and without. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { withSessionLock } from '../../src/authentication/session-lock.ts'
import { homeOfTest } from '../stage/home.ts'

const home = homeOfTest()
const hasFlock = (() => {
  try {
    execFileSync('flock', ['--version'])
    return true
  } catch {
    console.warn('flock is not installed: the test of the lock of the Databricks CLI is skipped')
    return false
  }
})()

async function countAtOnce(): Promise<{ readonly done: number; readonly most: number }> {
  let [inside, most, done] = [0, 0, 0]
  await Promise.all(
    Array.from({ length: 6 }, () =>
      withSessionLock(home.directory(), async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setTimeout(resolve, 5))
        inside -= 1
        done += 1
      }),
    ),
  )
  return { done, most }
}

describe.each([
  ['with the lock of the CLI', true],
  ['where the program flock is missing', false],
])('%s', (_how, isThere) => {
  const prepare = () => {
    if (!isThere) vi.stubEnv('PATH', '/nowhere')
  }

  it('lets in one at a time', async () => {
    prepare()
    expect(await countAtOnce()).toEqual({ done: 6, most: 1 })
  })

  it('lets in the next one after a failure', async () => {
    prepare()
    const failure = new Error('work failed')
    await expect(withSessionLock(home.directory(), () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await withSessionLock(home.directory(), () => Promise.resolve('in'))).toBe('in')
  })
})

describe('a lock file', () => {
  it.each([
    ['of a process that is gone', () => `${String(Date.now())} 999999999 x`],
    ['of long ago', () => `0 ${String(process.pid)} x`],
    ['that says nothing', () => ''],
  ])('%s is taken over', async (_what, content) => {
    vi.stubEnv('PATH', '/nowhere')
    await mkdir(path.join(home.directory(), '.databricks'))
    await writeFile(path.join(home.directory(), '.databricks', 'token-cache.lakegate-lock'), content())
    expect(await withSessionLock(home.directory(), () => Promise.resolve('in'))).toBe('in')
  })
})

it.skipIf(!hasFlock)('waits for the CLI, which holds its lock while it renews', async () => {
  await mkdir(path.join(home.directory(), '.databricks'))
  const file = path.join(home.directory(), '.databricks', 'token-cache.lock')
  const cli = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(cli.stdout, 'data')
  let isIn = false
  const ours = withSessionLock(home.directory(), async () => {
    isIn = true
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(isIn).toBe(false)
  cli.stdin.end()
  await ours
  expect(isIn).toBe(true)
})

it.skipIf(!hasFlock)(
  'does not enter beside somebody who holds the lock of the CLI for too long',
  async () => {
    await mkdir(path.join(home.directory(), '.databricks'))
    const file = path.join(home.directory(), '.databricks', 'token-cache.lock')
    const cli = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(cli.stdout, 'data')
    await expect(withSessionLock(home.directory(), () => Promise.resolve('in'), 100)).rejects.toThrow(
      'in use by another process for 0.1 seconds',
    )
    cli.stdin.end()
  },
)

it.each([
  ['a flock that does not know the options is done without', 64, 'in'],
  ['a flock that fails for another reason is not', 71, 'The sessions cannot be locked: flock ended with 71'],
])('%s', async (_what, status, outcome) => {
  const flock = path.join(home.directory(), 'flock')
  await writeFile(flock, `#!/bin/sh\nexit ${String(status)}\n`)
  await chmod(flock, 0o755)
  vi.stubEnv('PATH', `${home.directory()}:/usr/bin:/bin`)
  const entered = withSessionLock(home.directory(), () => Promise.resolve('in')).catch(String)
  expect(await entered).toContain(outcome)
})

it('a lock file that was left behind lets in one, however many find it', async () => {
  vi.stubEnv('PATH', '/nowhere')
  await mkdir(path.join(home.directory(), '.databricks'))
  await writeFile(path.join(home.directory(), '.databricks', 'token-cache.lakegate-lock'), '0 0 x')
  expect(await countAtOnce()).toEqual({ done: 6, most: 1 })
})
