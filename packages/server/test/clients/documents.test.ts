/** The commands and programs of the guides, as they stand there, done to a Lakegate of their own, one guide after the other. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DatabaseInstance } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksRunBy, type Block } from '../stage/document.ts'
import { hasProgram, useShell, type DocumentShell } from '../stage/document-shell.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { installPythonClient } from '../stage/python-client.ts'
import {
  asOwner,
  createPrincipalWithRole,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const THIS = 'packages/server/test/clients/documents.test.ts'
const of = {
  readme: blocksRunBy('README.md', THIS),
  identities: blocksRunBy('docs/identities.md', THIS),
  clients: blocksRunBy('docs/clients/README.md', THIS),
  changes: blocksRunBy('docs/change-data-capture.md', THIS),
  attached: blocksRunBy('docs/attached-instances.md', THIS),
  labels: blocksRunBy('docs/decisions/0004-labels-without-security-label.md', THIS),
}
const shorthands = blocksRunBy('README.md', 'packages/server/test/clients/readme.test.ts')
const taken = new Set<Block>()
function block(document: keyof typeof of, words: string): string {
  const [found, ...others] = of[document].filter(({ text }) => text.includes(words))
  if (found === undefined || others.length > 0) throw new Error(`not one block of ${document} says ${words}`)
  taken.add(found)
  return found.text
}

const sdk = await installPythonClient('databricks-sdk==0.156.0')
const hasPython = sdk.missing === undefined

let directory: string
let lakegate: OwnLakegate
let shell: DocumentShell
let principal: TestServicePrincipal
/** What a reader has in variables behind the README. */
let variables: Readonly<Record<string, string>>

const run = (...scripts: readonly string[]) =>
  shell.run(
    [shorthands.find(({ text }) => text.includes('api() {'))?.text ?? '', ...scripts].join('\n'),
    variables,
    hasPython ? path.dirname(sdk.python) : undefined,
  )
const whenAvailable = (name: string) =>
  waitFor(`${name} to be AVAILABLE`, async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>(
      'GET',
      `/api/2.0/database/instances/${name}`,
    )
    return instance.state === 'AVAILABLE' && instance
  })

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-guides-'))
  shell = await useShell(directory)
  lakegate = await startOwnLakegate()
  principal = await createPrincipalWithRole(lakegate, 'reader of guides')
  const { http_url: LAKEGATE, admin_token: ADMIN_TOKEN, instance, ca_file: CA_FILE } = lakegate.ready
  variables = {
    LAKEGATE,
    ADMIN_TOKEN,
    CA_FILE,
    CLIENT_ID: principal.applicationId,
    PRINCIPAL_ID: principal.id,
    SECRET: principal.secret,
    WORKSPACE_TOKEN: await principal.workspaceToken(),
    ROLE: principal.applicationId,
    TOKEN: await mintCredential(principal.http, instance.name),
    HOST: instance.host,
    PORT: String(instance.port),
    PGHOST: instance.host,
    PGPORT: String(instance.port),
    PGDATABASE: instance.database,
    INSTANCE_UID: instance.uid,
  }
  await asOwner(lakegate, async (owner) => {
    await owner.query('CREATE TABLE orders AS SELECT 7 AS number')
    await owner.query('CREATE TABLE note AS SELECT identity_id AS owner FROM databricks_session_identity()')
  })
})
afterAll(async () => {
  await lakegate.remove()
  await sdk.remove()
  await rm(directory, { recursive: true })
})

describe('README.md', () => {
  it.skipIf(!hasPython)('asks with the SDK for Python, as printed', async () => {
    await writeFile(path.join(directory, 'me.py'), block('readme', 'import WorkspaceClient'))
    const { stdout } = await run(block('readme', 'python3 me.py'))
    const [name, token = ''] = stdout.trim().split('\n')
    expect(name).toBe(principal.applicationId)
    expect(token.split('.')).toHaveLength(3)
  })
})

describe('docs/decisions/0004', () => {
  it('binds a role and frees it', async () => {
    await asOwner(lakegate, async (owner) => {
      await owner.query('CREATE ROLE "role name" LOGIN')
      await owner.query(block('labels', 'databricks_set_role_label'))
    })
  })
})

describe('docs/identities.md', () => {
  it('makes people, workspaces, federation and grants', async () => {
    const { stdout } = await run(
      ...['ACCOUNT=', 'sign-in-link', 'permissionassignments', 'federationPolicies', '/catalogs'].map(
        (words) => block('identities', words),
      ),
      'echo; echo "$ACCOUNT"',
    )
    expect(stdout).toContain('"user_name":"ada@example.com"')
    expect(stdout).toContain('"subject":"repo:acme/app:ref:refs/heads/main"')
    expect(stdout).toContain('"expiration_time"')
    expect(stdout.trim().split('\n').at(-1)).toBe(lakegate.ready.account_id)
  })

  it('shows who is behind a session, and a policy that goes by it', async () => {
    await asOwner(lakegate, async (owner) => {
      const { rows } = await owner.query<{ identity_name: string }>(
        block('identities', 'FROM databricks_session_identity();'),
      )
      expect(rows[0]?.identity_name).toBe(lakegate.ready.admin_user)
      await owner.query(block('identities', 'CREATE POLICY'))
    })
  })
})

describe('docs/clients', () => {
  it.skipIf(!hasProgram('psql'))('logs in with the password of a role', async () => {
    await run(block('clients', 'enable_pg_native_login"'))
    await asOwner(lakegate, (owner) => owner.query(block('clients', 'CREATE ROLE app')))
    const { stdout } = await run(
      `${block('clients', 'channel_binding=require"\n').trimEnd()} --command 'SELECT session_user'`,
    )
    expect(stdout).toMatch(/^ app$/m)
  })
})

describe('docs/clients/README.md, on what SQL sees', () => {
  it('says from where the session comes', async () => {
    const { rows } = await asOwner(lakegate, (owner) =>
      owner.query<{ identity_name: string; host: string }>(block('clients', 'host(client_address)')),
    )
    expect(rows).toEqual([{ identity_name: lakegate.ready.admin_user, host: '127.0.0.1' }])
  })
})

describe('docs/change-data-capture.md', () => {
  it.skipIf(!hasProgram('pg_recvlogical'))('makes a slot for a role that may replicate', async () => {
    await run(block('changes', 'enable_logical_replication'))
    await whenAvailable('dev')
    await run(block('changes', '"replication": true'))
    await asOwner(lakegate, (owner) => owner.query(block('changes', 'CREATE PUBLICATION')))
    await expect(run(block('changes', 'pg_recvlogical'))).resolves.toMatchObject({ stderr: '' })
    const { rows } = await asOwner(lakegate, (owner) =>
      owner.query<{ slot_name: string }>('SELECT slot_name FROM pg_replication_slots'),
    )
    expect(rows).toEqual([{ slot_name: 'orders' }])
  })
})

describe('docs/attached-instances.md', () => {
  let cluster: ForeignCluster
  beforeAll(async () => {
    cluster = await startForeignCluster()
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    await writeFile(path.join(directory, 'password.txt'), ADMINISTRATOR.password)
    await writeFile(path.join(directory, 'servers.pem'), cluster.caPem)
  })
  afterAll(() => cluster.stop())

  it('attaches a cluster by command and by REST, and detaches both', async () => {
    const here = `${cluster.host}:${String(cluster.port)}`
    await run(block('attached', 'lakegate attach').replace(/db1\S+/, here))
    const body = JSON.parse(block('attached', '"attached": {')) as {
      name: string
      attached: Record<string, unknown>
    }
    await lakegate.admin.request('POST', '/api/2.0/database/instances', {
      name: 'customers',
      attached: {
        ...body.attached,
        hosts: [{ host: cluster.host, port: cluster.port }],
        tls: { mode: 'verify-full', ca_pem: cluster.caPem },
        administration: ADMINISTRATOR,
      },
    })
    await whenAvailable('sales')
    await whenAvailable('customers')
    const { stdout } = await run(
      'export DATABRICKS_HOST=$LAKEGATE DATABRICKS_TOKEN=$ADMIN_TOKEN',
      block('attached', 'take_over_binding'),
      block('attached', 'lakegate detach'),
    )
    expect(stdout).toContain('sales is detached')
    expect(stdout).toContain('customers is detached')
  })
})

it('the guides have no block that names this test and was not run', () => {
  const left = Object.entries(of).flatMap(([document, blocks]) =>
    blocks.filter((one) => !taken.has(one)).map(({ line }) => `${document}:${String(line)}`),
  )
  if (hasPython && ['psql', 'pg_recvlogical'].every(hasProgram)) expect(left).toEqual([])
})
