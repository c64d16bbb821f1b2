/**
 * The unmodified Python SDK over M2M and PAT (behaviour 65). It comes from PyPI into a temporary virtual
 * environment; where Python or PyPI cannot be had, the tests are skipped and say so.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('databricks-sdk.py', import.meta.url))
const DIRECTORY_SCRIPT = fileURLToPath(new URL('databricks-sdk-directory.py', import.meta.url))

const environmentDirectory = mkdtempSync(path.join(tmpdir(), 'lakegate-python-'))
const python = path.join(environmentDirectory, 'bin', 'python')
afterAll(() => {
  rmSync(environmentDirectory, { recursive: true, force: true })
})

const missing = await installSdk()
if (missing !== undefined) console.warn(`the Python SDK cannot be had, its tests are skipped: ${missing}`)

async function installSdk(): Promise<string | undefined> {
  try {
    await run('python3', ['-m', 'venv', environmentDirectory])
    await run(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'databricks-sdk==0.156.0',
    ])
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
  }
}

interface SdkReport {
  readonly auth_type: string
  readonly user_name: string
  readonly workspace_id: number
  readonly instances: readonly string[]
  readonly state: string
  readonly host: string
  readonly token: string
  readonly expiration_time: string
  readonly unknown_instance: string
  readonly nothing_named: string
}

describe.skipIf(missing !== undefined)('databricks-sdk for Python', () => {
  const lakegate = sharedLakegate()
  let principal: TestServicePrincipal

  beforeAll(async () => {
    principal = await createServicePrincipal(lakegate, 'python sdk')
    await createRoleFor(lakegate, principal)
  })

  const drive = async (credentials: Record<string, string>): Promise<SdkReport> => {
    const { stdout } = await run(python, [SCRIPT], {
      env: {
        PATH: process.env['PATH'],
        HOME: environmentDirectory,
        DATABRICKS_HOST: lakegate.ready.http_url,
        LAKEGATE_TEST_INSTANCE: lakegate.ready.instance.name,
        ...credentials,
      },
    })
    return JSON.parse(stdout) as SdkReport
  }

  const expectWorkspaceFacts = (report: SdkReport) => {
    expect(report).toMatchObject({
      workspace_id: Number(lakegate.ready.workspace_id),
      state: 'AVAILABLE',
      host: lakegate.ready.instance.host,
      unknown_instance: 'DatabaseInstance not found: no-such-instance',
    })
    expect(report.instances).toContain(lakegate.ready.instance.name)
    expect(report.nothing_named).toContain('instance_names')
    expect(report.expiration_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
  }

  it('mints over M2M a credential that opens a session', async () => {
    const report = await drive({
      DATABRICKS_CLIENT_ID: principal.applicationId,
      DATABRICKS_CLIENT_SECRET: principal.secret,
    })
    expect(report.auth_type).toBe('oauth-m2m')
    expect(report.user_name).toBe(principal.applicationId)
    expectWorkspaceFacts(report)
    const role = await inSession(
      lakegate,
      { user: principal.applicationId, password: report.token },
      async (client) => (await client.query<{ role: string }>('SELECT session_user AS role')).rows[0]?.role,
    )
    expect(role).toBe(principal.applicationId)
  })

  it('mints with a personal access token a credential that opens a session', async () => {
    const report = await drive({ DATABRICKS_TOKEN: lakegate.ready.admin_token })
    expect(report.auth_type).toBe('pat')
    expect(report.user_name).toBe(lakegate.ready.admin_user)
    expectWorkspaceFacts(report)
    const role = await inSession(
      lakegate,
      { user: lakegate.ready.admin_user, password: report.token },
      async (client) => (await client.query<{ role: string }>('SELECT session_user AS role')).rows[0]?.role,
    )
    expect(role).toBe(lakegate.ready.admin_user)
  })

  it('does the same over HTTPS, at the same port', async () => {
    const report = await drive({
      DATABRICKS_HOST: lakegate.ready.http_url.replace('http:', 'https:'),
      REQUESTS_CA_BUNDLE: lakegate.ready.ca_file,
      DATABRICKS_CLIENT_ID: principal.applicationId,
      DATABRICKS_CLIENT_SECRET: principal.secret,
    })
    expect(report.user_name).toBe(principal.applicationId)
    expectWorkspaceFacts(report)
  })

  it('keeps the directory, permissions, roles, tokens and policies', async () => {
    const { ready } = lakegate
    const { stdout } = await run(python, [DIRECTORY_SCRIPT], {
      env: {
        PATH: process.env['PATH'],
        HOME: environmentDirectory,
        DATABRICKS_HOST: ready.http_url,
        DATABRICKS_TOKEN: ready.admin_token,
        LAKEGATE_TEST_INSTANCE: ready.instance.name,
        LAKEGATE_TEST_ACCOUNT: ready.account_id,
        LAKEGATE_TEST_WORKSPACE: ready.workspace_id,
      },
    })
    const { expected_members: expectedMembers, ...report } = JSON.parse(stdout) as Record<string, unknown>
    expect(report).toMatchObject({
      display_name: 'Patched',
      found: [expect.stringContaining('@example.com')],
      members: expectedMembers,
      machine: true,
      secrets: 1,
      granted: ['CAN_USE'],
      levels: ['CAN_USE', 'CAN_MANAGE'],
      createdb: true,
      role_listed: true,
      catalogs: true,
      readers: [expect.stringContaining('@example.com')],
      claims_token: 2,
      token_works: ready.admin_user,
      workspaces: expect.arrayContaining(['default']) as unknown,
      assigned: ['ADMIN'],
      policy_issuer: 'https://ci.example.com',
      application: 'python app',
      made_state: 'AVAILABLE',
      deleted: true,
    })
    expect(report['members_after_update']).toHaveLength(1)
  })
})
