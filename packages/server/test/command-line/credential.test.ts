/** `lakegate credential` and `lakegate env`: what other programs take as password, file and variables. */
import { execFileSync } from 'node:child_process'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSomebody, PROGRAM, type Somebody } from '../stage/connect-command.ts'
import { hasProgram } from '../stage/document-shell.ts'
import { inSession } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate

let somebody: Somebody
beforeAll(async () => {
  somebody = await createSomebody(lakegate)
})
afterAll(() => somebody.remove())

const logsIn = (password: string) =>
  inSession(
    lakegate,
    { user: ready.admin_user, password },
    async (client) => (await client.query('select 1')).rowCount,
  )

describe('lakegate credential', () => {
  it('prints a password and nothing else', async () => {
    const { stdout, stderr, status } = await somebody.run(['credential', 'dev'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^eyJ[\w.-]+\n$/)
    await expect(logsIn(stdout.trim())).resolves.toBe(1)
  })

  it('prints as JSON where and until when it is good', async () => {
    const { stdout } = await somebody.run(['credential', 'dev', '--output', 'json', '--as', 'readers'])
    const answer = JSON.parse(stdout) as Record<string, unknown>
    expect(answer).toMatchObject({
      host: ready.instance.host,
      port: ready.instance.port,
      database: 'databricks_postgres',
      user: 'readers',
    })
    expect(Date.parse(String(answer['expiration_time']))).toBeGreaterThan(Date.now())
  })

  it('keeps a password file up to date with --pgpass --write, which leaves the lines of others', async () => {
    const file = path.join(somebody.home, '.pgpass')
    await writeFile(file, 'other:5432:*:me:secret\n')
    const write = () => somebody.run(['credential', 'dev', '--pgpass', '--write'])
    await write()
    const { stdout, status } = await write()
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    const lines = (await readFile(file, 'utf8')).split('\n')
    expect(lines).toHaveLength(3)
    const [, password = ''] = /^[^:]+:\d+:\*:[^:]+:(eyJ\S+)$/.exec(lines[0] ?? '') ?? []
    await expect(logsIn(password)).resolves.toBe(1)
    expect(lines.slice(1)).toEqual(['other:5432:*:me:secret', ''])
    expect((await lstat(file)).mode & 0o777).toBe(0o600)
  })

  it.skipIf(!hasProgram('psql'))('and a service file, with which psql logs in by name', async () => {
    await somebody.run(['credential', 'dev', '--service', '--write'])
    const token = (await somebody.run(['credential', 'dev'])).stdout.trim()
    const said = execFileSync('psql', ['service=dev', '-XAtc', 'select session_user'], {
      env: { ...somebody.environment, PGPASSWORD: token },
      encoding: 'utf8',
    })
    expect(said).toBe(`${ready.admin_user}\n`)
    expect(await readFile(path.join(somebody.home, '.pg_service.conf'), 'utf8')).not.toContain('eyJ')
  })

  it('is told which flags make no sense together', async () => {
    await expect(somebody.run(['credential', 'dev', '--pgpass', '--service'])).resolves.toMatchObject({
      status: 2,
      stderr: expect.stringContaining('do not go together') as string,
    })
  })
})

describe('lakegate env', () => {
  it('gives a shell everything that a login needs', async () => {
    const script = `eval "$('${process.execPath}' "$1" env dev --database postgres)"; env | grep '^PG' | sort`
    const said = execFileSync('sh', ['-c', script, 'sh', PROGRAM], {
      env: somebody.environment,
      encoding: 'utf8',
    })
    const variables = Object.fromEntries(
      said
        .trim()
        .split('\n')
        .map((line): [string, string] => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]),
    )
    expect(variables).toMatchObject({
      PGDATABASE: 'postgres',
      PGHOST: ready.instance.host,
      PGPORT: String(ready.instance.port),
      PGSSLMODE: 'verify-full',
      PGUSER: ready.admin_user,
    })
    expect(await readFile(variables['PGSSLROOTCERT'] ?? '', 'utf8')).toBe(
      await readFile(ready.ca_file, 'utf8'),
    )
    await expect(logsIn(variables['PGPASSWORD'] ?? '')).resolves.toBe(1)
  })
})
