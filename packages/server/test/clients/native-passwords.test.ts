/**
 * Unmodified clients with the password of a role: psql, psycopg with libpq 18, pgjdbc. Each is skipped by name where it
 * cannot be had. node-postgres is in behaviours/50.
 */
import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPgjdbc } from '../stage/java-client.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { createServicePrincipal, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const run = promisify(execFile)
const lakegate = sharedLakegate()
const PASSWORD = 'correct horse, battery staple'
const PSYCOPG = fileURLToPath(new URL('native-passwords.py', import.meta.url))
const PGJDBC = fileURLToPath(new URL('PgjdbcLogin.java', import.meta.url))

const pgjdbc = await installPgjdbc()
const psqlIsMissing = isPsqlMissing()
const psycopg = await installPythonClient('psycopg[binary]==3.3.9')
let instance: NativeInstance
let role: string
let tokenRole: string
let token: string

beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
  role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
  const principal = await createServicePrincipal(lakegate, 'with a token')
  tokenRole = principal.applicationId
  await instance.asOwner(async (owner) => {
    await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
    await owner.query('SELECT databricks_create_role($1, $2)', [tokenRole, 'SERVICE_PRINCIPAL'])
  })
  token = await mintCredential(principal.http, instance.name)
})
afterAll(async () => {
  await instance.remove()
  await psycopg.remove()
  await pgjdbc.remove()
})

function isPsqlMissing(): boolean {
  try {
    execFileSync('psql', ['--version'])
    return false
  } catch {
    console.warn('psql is not installed: its logins with a password are skipped')
    return true
  }
}

describe.skipIf(psqlIsMissing)('psql', () => {
  const psql = (options: string, password: string) =>
    run(
      'psql',
      [
        `host=${instance.host} port=${String(instance.port)} dbname=databricks_postgres user=${role} ${options}`,
        ...['--no-psqlrc', '--tuples-only', '--no-align', '--command', 'SELECT session_user'],
      ],
      { env: { ...process.env, PGPASSWORD: password } },
    )

  it.each([
    'sslmode=require',
    'sslmode=require channel_binding=require',
    'sslmode=require channel_binding=disable',
  ])('logs in with %s', async (options) => {
    expect((await psql(options, PASSWORD)).stdout.trim()).toBe(role)
  })

  it('prints what PostgreSQL says of a wrong password', async () => {
    await expect(psql('sslmode=require', 'wrong')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`password authentication failed for user "${role}"`) as string,
    })
  })
})

describe.skipIf(psycopg.missing !== undefined)('psycopg with libpq 18', () => {
  const login = async (...connections: readonly Record<string, string>[]) => {
    const common = {
      host: instance.host,
      port: instance.port,
      dbname: 'databricks_postgres',
      sslmode: 'require',
    }
    const parameters = connections.map((connection) => ({ ...common, ...connection }))
    const { stdout } = await run(psycopg.python, [PSYCOPG, JSON.stringify(parameters)])
    return JSON.parse(stdout) as { libpq: number; reports: string[] }
  }

  it('logs in with whatever it demands of the server, and gives no password to one that asks for it in clear', async () => {
    const own = { user: role, password: PASSWORD }
    const { libpq, reports } = await login(
      { ...own, require_auth: 'scram-sha-256' },
      {
        ...own,
        require_auth: 'scram-sha-256',
        channel_binding: 'require',
        sslmode: 'verify-full',
        sslrootcert: lakegate.ready.ca_file,
      },
      { ...own, require_auth: 'password' },
      { ...own, password: 'wrong' },
      { user: tokenRole, password: token, require_auth: 'password' },
      { user: tokenRole, password: token, require_auth: 'scram-sha-256' },
    )
    expect(libpq).toBeGreaterThanOrEqual(180_000)
    expect(reports).toEqual([
      role,
      role,
      expect.stringContaining('authentication method requirement "password" failed'),
      expect.stringContaining(`password authentication failed for user "${role}"`),
      tokenRole,
      expect.stringContaining('authentication method requirement "scram-sha-256" failed'),
    ])
  })
})

describe.skipIf(pgjdbc.missing !== undefined)('pgjdbc', () => {
  const login = (options: string, user: string, password: string) => {
    const url = `jdbc:postgresql://${instance.host}:${String(instance.port)}/databricks_postgres?sslmode=verify-full&sslrootcert=${lakegate.ready.ca_file}${options}`
    return pgjdbc.run(PGJDBC, url, user, password)
  }

  it('logs in with a password, with and without channel binding, and with a token', async () => {
    expect(await login('&channelBinding=require', role, PASSWORD)).toBe(role)
    expect(await login('&channelBinding=disable', role, PASSWORD)).toBe(role)
    expect(await login('', tokenRole, token)).toBe(tokenRole)
  })

  it('reports a wrong password as 28P01', async () => {
    expect(await login('', role, 'wrong')).toContain('28P01 FATAL: password authentication failed for user')
  })
})
