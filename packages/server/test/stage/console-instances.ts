/** What tests of the console's pages about instances need besides a browser: roles, states, and the real psql. */
import { execFile, execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { DatabaseInstance } from '@lakegate/client'
import type { Lakegate } from './lakegate.ts'
import { waitFor } from './wait-for.ts'

const run = promisify(execFile)

export const hasPsql: boolean = (() => {
  try {
    execFileSync('psql', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn('psql is not installed: what pastes into it is not tested')
    return false
  }
})()

/** Gives a principal of the workspace its own role in an instance. */
export const addRole = (
  { admin }: Lakegate,
  instance: string,
  name: string,
  type: 'USER' | 'GROUP' = 'USER',
): Promise<unknown> =>
  admin.request('POST', `/api/2.0/database/instances/${instance}/roles`, { name, identity_type: type })

export const pathOf = (name: string): string => `/api/2.0/database/instances/${name}`

export const uniqueName = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`

/** Waits until the instance is in this state. */
export const waitForState = (
  { admin }: Lakegate,
  name: string,
  state: DatabaseInstance['state'],
): Promise<DatabaseInstance> =>
  waitFor(`${name} to be ${state}`, async () => {
    const instance = await admin.request<DatabaseInstance>('GET', pathOf(name))
    return instance.state === state ? instance : undefined
  })

/**
 * Runs a line as somebody pastes it into a shell, with a query behind it.
 * @param line as the console copied it
 * @returns what psql printed, unaligned
 */
export async function pasteIntoShell(line: string, password: string, query: string): Promise<string> {
  const { stdout } = await run(
    'sh',
    ['-c', `${line} --no-psqlrc --tuples-only --no-align --no-password --command "$QUERY"`],
    { env: { ...process.env, PGPASSWORD: password, QUERY: query } },
  )
  return stdout.trim()
}
