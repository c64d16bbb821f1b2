/** The real psql, as the README shows it (behaviour 75). Skipped by name where there is none; the drivers cover the same. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const run = promisify(execFile)

function psqlVersion(): string | undefined {
  try {
    return execFileSync('psql', ['--version'], { encoding: 'utf8' }).trim()
  } catch {
    console.warn('psql is not installed: the tests of the real psql are skipped')
    return undefined
  }
}

const version = psqlVersion()

describe.skipIf(version === undefined)(`psql (${version ?? 'not installed'})`, () => {
  const lakegate = sharedLakegate()
  let principal: TestServicePrincipal

  beforeAll(async () => {
    principal = await createServicePrincipal(lakegate, 'psql client')
    await createRoleFor(lakegate, principal)
  })

  const connection = (options: string) => {
    const { instance } = lakegate.ready
    return `host=${instance.host} port=${String(instance.port)} dbname=${instance.database} user=${principal.applicationId} ${options}`
  }
  const psql = (options: string, password: string, sql: string) =>
    run('psql', [connection(options), '--no-psqlrc', '--tuples-only', '--no-align', '--command', sql], {
      env: { ...process.env, PGPASSWORD: password },
    })

  it('signs in with a database credential as the role of the service principal', async () => {
    const token = await mintCredential(principal.http, lakegate.ready.instance.name)
    const { stdout } = await psql('sslmode=require', token, 'SELECT session_user')
    expect(stdout.trim()).toBe(principal.applicationId)
  })

  it('signs in with a workspace token as the password', async () => {
    const { stdout } = await psql('sslmode=require', await principal.workspaceToken(), 'SELECT current_user')
    expect(stdout.trim()).toBe(principal.applicationId)
  })

  it('verifies the certificate of the gateway with sslmode=verify-full', async () => {
    const token = await mintCredential(principal.http, lakegate.ready.instance.name)
    const options = `sslmode=verify-full sslrootcert=${lakegate.ready.ca_file}`
    const { stdout } = await psql(options, token, 'SELECT 1')
    expect(stdout.trim()).toBe('1')
  })

  it('is told to use TLS when it does not', async () => {
    await expect(psql('sslmode=disable', 'irrelevant', 'SELECT 1')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Ensure that connection is using SSL') as string,
    })
  })

  it('prints the documented refusal for a personal access token', async () => {
    await expect(psql('sslmode=require', lakegate.ready.admin_token, 'SELECT 1')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `Failed to decode token for role "${principal.applicationId}"`,
      ) as string,
    })
  })

  it('cancels a running query with Ctrl-C', async () => {
    const token = await mintCredential(principal.http, lakegate.ready.instance.name)
    const running = psql('sslmode=require', token, 'SELECT pg_sleep(600)')
    const watcher = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const { stdout } = await run(
      'psql',
      [
        `host=${lakegate.ready.instance.host} port=${String(lakegate.ready.instance.port)} dbname=${lakegate.ready.instance.database} user=${lakegate.ready.admin_user} sslmode=require`,
        '--no-psqlrc',
        '--tuples-only',
        '--command',
        `DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active') LOOP PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$; SELECT 'seen'`,
      ],
      { env: { ...process.env, PGPASSWORD: watcher } },
    )
    expect(stdout).toContain('seen')
    running.child.kill('SIGINT')
    await expect(running).rejects.toMatchObject({
      stderr: expect.stringContaining('canceling statement due to user request') as string,
    })
  })
})
