/** docs/incidents.md: each recipe, command by command as it stands there, done to a Lakegate to which it has happened. */
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLakegateHttp, type ScimUser } from '@lakegate/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  changeAttached,
  createAttachedRole,
  inAttachedSession,
  waitForProblem,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { freePort } from '../stage/free-port.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { createPerson, Visitor } from '../stage/person.ts'
import {
  createPrincipalWithRole,
  databaseClient,
  inSession,
  mintCredential,
  refusedLogin,
  requestWorkspaceToken,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const blocks = blocksRunBy('docs/incidents.md', 'packages/server/test/rehearsals/incidents.test.ts')
const shorthands = [
  ...blocksRunBy('README.md', 'packages/server/test/clients/readme.test.ts'),
  ...blocksRunBy('docs/operating.md', 'packages/server/test/clients/operating.test.ts'),
]
const taken = new Set<string>()
function block(words: string): string {
  const found = blocks.filter(({ text }) => text.includes(words))
  if (found.length !== 1) throw new Error(`${String(found.length)} blocks of docs/incidents.md say ${words}`)
  const text = found[0]?.text ?? ''
  taken.add(text)
  return text
}
const shorthand = (words: string) => shorthands.find(({ text }) => text.includes(words))?.text ?? ''

let dataDirectory: string
let work: string
let environment: Readonly<Record<string, string>>
let lakegate: RunningLakegate
let shell: DocumentShell

const start = async () => {
  lakegate = await startLakegate({ dataDirectory, environment })
}
const run = (script: string, more: Readonly<Record<string, string>> = {}) =>
  shell.run([shorthand('api() {'), shorthand('ACCOUNT='), script].join('\n'), {
    LAKEGATE: lakegate.ready.http_url,
    ADMIN_TOKEN: lakegate.ready.admin_token,
    ...more,
  })
const audited = async (event: string) =>
  (
    await lakegate.admin.request<{
      records: readonly { event: string; detail?: string; identity_name?: string }[]
    }>('GET', `/api/2.0/accounts/${lakegate.ready.account_id}/lakegate/audit?event=${event}`)
  ).records

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-incidents-'))
  environment = { LAKEGATE_HTTP_PORT: String(await freePort()), LAKEGATE_DRAIN_SECONDS: '0' }
  shell = await useShell(work, { LAKEGATE_DATA_DIR: dataDirectory })
  await start()
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
  await rm(work, { recursive: true, force: true })
})

describe('stolen token', () => {
  let victim: TestServicePrincipal
  let stolen: string
  let personal: string
  const names = () => ({ IDENTITY_ID: victim.id, KIND: 'ServicePrincipals' })

  beforeAll(async () => {
    victim = await createPrincipalWithRole(lakegate, 'the victim')
    stolen = await mintCredential(victim.http, 'dev')
    const made = await victim.http.request<{ token_value: string }>('POST', '/api/2.0/token/create', {
      comment: 'made by the thief',
    })
    personal = made.token_value
  })

  it('is good for nothing any more, and the sessions that it opened are over', async () => {
    const thief = await databaseClient(lakegate, { user: victim.applicationId, password: stolen })
    await thief.connect()
    const over = new Promise((resolve) => thief.once('error', resolve))
    await run(block('"value": false'), names())
    await over
    await expect(
      refusedLogin(lakegate, { user: victim.applicationId, password: stolen }),
    ).resolves.toBeDefined()
    await expect(
      createLakegateHttp(lakegate.ready.http_url, () => personal).request('GET', '/api/2.0/token/list'),
    ).rejects.toMatchObject({
      status: expect.toSatisfy((status: number) => [401, 403].includes(status)) as number,
    })
    await expect(victim.workspaceToken()).rejects.toThrow()
  })

  it('is followed in the audit', async () => {
    const { stdout } = await run(block('audit?identity_id'), names())
    expect(stdout).toContain('"event":"login"')
    expect(stdout).toContain('"event":"end_session"')
  })

  it('leaves no personal access token behind', async () => {
    await run(block('token-management'), names())
    const { token_infos: left } = await lakegate.admin.request<{ token_infos: readonly unknown[] }>(
      'GET',
      `/api/2.0/token-management/tokens?created_by_id=${victim.id}`,
    )
    expect(left).toEqual([])
  })

  it('is over: its owner works on, with a new one', async () => {
    await run(block('"value": true'), names())
    const password = await mintCredential(victim.http, 'dev')
    await expect(
      inSession(lakegate, { user: victim.applicationId, password }, () => Promise.resolve('in')),
    ).resolves.toBe('in')
    await expect(
      createLakegateHttp(lakegate.ready.http_url, () => personal).request('GET', '/api/2.0/token/list'),
    ).rejects.toMatchObject({
      status: expect.toSatisfy((status: number) => [401, 403].includes(status)) as number,
    })
  })
})

describe('leaked secret', () => {
  it('is replaced, and gets no token any more', async () => {
    const service = await createPrincipalWithRole(lakegate, 'the service')
    const secrets = `/api/2.0/accounts/servicePrincipals/${service.id}/credentials/secrets`
    const { secrets: before } = await lakegate.admin.request<{ secrets: readonly { id: string }[] }>(
      'GET',
      secrets,
    )
    const IDENTITY_ID = service.id
    const { stdout } = await run(block('POST "/api/2.0/accounts/servicePrincipals'), { IDENTITY_ID })
    const { secret } = JSON.parse(stdout) as { secret: string }
    await run(block('secrets/$SECRET_ID'), { IDENTITY_ID, SECRET_ID: before[0]?.id ?? '' })
    await expect(service.workspaceToken()).rejects.toThrow('401')
    await expect(
      requestWorkspaceToken(lakegate.ready.http_url, service.applicationId, secret, 'all-apis'),
    ).resolves.toBeTypeOf('string')
  })
})

describe('lost administrator', () => {
  const files = ['first-link.txt', 'admin-token.txt', 'link.txt']
  const fileOf = (name: string) => path.join(work, name)
  const PASSWORD = 'correct horse, battery staple'
  afterEach(async () => {
    for (const name of files) await rm(fileOf(name), { force: true })
  })
  const whoAmI = (token: string) =>
    createLakegateHttp(lakegate.ready.http_url, () => token).request<ScimUser>(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )

  it('sets a new password by a link that only the owner of the data directory can read', async () => {
    const { stdout } = await run(block('first-link.txt'))
    expect(stdout).toContain('admin@lakegate.local  account and workspace')
    expect((await stat(fileOf('first-link.txt'))).mode & 0o777).toBe(0o600)
    const link = (await readFile(fileOf('first-link.txt'), 'utf8')).trim()
    expect(stdout).not.toContain(link)
    const page = await new Visitor().submit(
      link,
      { password: PASSWORD, repetition: PASSWORD },
      {},
      { follows: false },
    )
    expect(page.status).toBe(303)
  })

  it('gets an access token, and both are in the audit', async () => {
    await run(block('lakegate admin token'))
    const token = (await readFile(fileOf('admin-token.txt'), 'utf8')).trim()
    await expect(whoAmI(token)).resolves.toMatchObject({ userName: 'admin@lakegate.local' })
    const found = await audited('recover_access')
    expect(found.map(({ detail }) => detail?.replace(/, on .*/, ''))).toEqual([
      'an access token',
      'a sign-in link',
    ])
  })

  it('is replaced by somebody who was deactivated, while Lakegate runs', async () => {
    const other = await createPerson(lakegate, 'Grace')
    await lakegate.admin.request('PATCH', `/api/2.0/preview/scim/v2/Users/${other.id}`, {
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    await expect(
      run('lakegate admin sign-in-link "$USER_NAME" --output-file link.txt', { USER_NAME: other.userName }),
    ).rejects.toThrow('is deactivated')
    await expect(stat(fileOf('link.txt'))).rejects.toThrow('ENOENT')
    const { stdout } = await run(block('lakegate admin grant'), { USER_NAME: other.userName })
    expect(stdout).toContain(
      `${other.userName} administers the account and the workspace now (before: deactivated`,
    )
    await run(`lakegate admin token "${other.userName}" --output-file admin-token.txt`)
    const token = (await readFile(fileOf('admin-token.txt'), 'utf8')).trim()
    await expect(
      createLakegateHttp(lakegate.ready.http_url, () => token).request(
        'GET',
        `/api/2.0/accounts/${lakegate.ready.account_id}/lakegate/audit?page_size=1`,
      ),
    ).resolves.toBeDefined()
  })

  it('is somebody whose name nobody has: nothing is made', async () => {
    await expect(run('lakegate admin grant nobody@example.com')).rejects.toThrow(
      /ended with 4[\s\S]*There is no user/,
    )
  })

  it('gets a link while Lakegate stands still, and it stands still afterwards', async () => {
    const { http_url: url } = lakegate.ready
    await lakegate.stop()
    await shell.run(block('first-link.txt'), { LAKEGATE_PUBLIC_URL: url })
    await expect(shell.run('lakegate status')).rejects.toThrow(
      /embedded, stopped[\s\S]*Nothing of Lakegate runs/,
    )
    const link = (await readFile(fileOf('first-link.txt'), 'utf8')).trim()
    await start()
    const page = await new Visitor().visit(link)
    expect(page.text).toContain('name="repetition"')
  })
})

describe('lost master key', () => {
  const file = () => path.join(dataDirectory, 'master.key')
  let service: TestServicePrincipal
  let old: string
  let authority: string
  let cluster: ForeignCluster
  let attached: Attached
  const whoAmI = () =>
    inAttachedSession({ ...attached, lakegate }, service, async (client) => {
      const { rows } = await client.query<{ who: string }>('SELECT session_user AS who')
      return rows[0]?.who
    })

  beforeAll(async () => {
    service = await createPrincipalWithRole(lakegate, 'outlives the key')
    old = await mintCredential(service.http, 'dev')
    authority = await readFile(lakegate.ready.ca_file, 'utf8')
    cluster = await startForeignCluster()
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    attached = await attach(lakegate, 'foreign', [cluster])
    await waitUntilAvailable(attached)
    await createAttachedRole(attached, service)
    await expect(whoAmI()).resolves.toBe(service.applicationId)
  })
  afterAll(() => cluster.stop())

  it('is not replaced while it is there, nor without saying so', async () => {
    await lakegate.stop()
    await expect(shell.run('lakegate keys replace-lost')).rejects.toThrow('add --yes')
    await expect(shell.run(block('replace-lost'))).rejects.toThrow('is not lost')
  })

  it('is not replaced while it only cannot be read', async () => {
    await rename(file(), `${file()}.aside`)
    await mkdir(file())
    await expect(shell.run(block('replace-lost'))).rejects.toThrow('Make the file readable')
    await rmdir(file())
    await rename(`${file()}.aside`, file())
    await expect(shell.run(block('replace-lost'))).rejects.toThrow('is not lost')
  })

  it('is refused by a start, and named by doctor', async () => {
    await writeFile(file(), `${Buffer.alloc(32, 9).toString('base64')}\n`)
    await expect(start()).rejects.toThrow('cannot be decrypted with the master key')
    await rm(file())
    await expect(start()).rejects.toThrow('master key file')
  })

  it('is replaced: what it encrypted is void and named, everything else stays', async () => {
    await writeFile(file(), `${Buffer.alloc(32, 9).toString('base64')}\n`, { mode: 0o600 })
    const { stdout } = await shell.run(block('replace-lost'))
    expect(stdout).toContain('There is a new master key')
    expect(stdout).toContain('master.key.unfit-')
    expect(stdout).toContain('Void: the password of the administrative role of foreign')
    await start()
    expect(await readFile(lakegate.ready.ca_file, 'utf8')).not.toBe(authority)
    await expect(
      refusedLogin(lakegate, { user: service.applicationId, password: old }),
    ).resolves.toBeDefined()
    // The secret is a hash, and the data was never encrypted.
    const password = await mintCredential(service.http, 'dev')
    await expect(
      inSession(lakegate, { user: service.applicationId, password }, async (client) => {
        const { rows } = await client.query<{ who: string }>('SELECT session_user AS who')
        return rows[0]?.who
      }),
    ).resolves.toBe(service.applicationId)
    expect(await audited('replace_master_key')).toHaveLength(1)
  })

  it('leaves an attached cluster that works again with its password, and with new keys of its roles', async () => {
    const here = { ...attached, lakegate }
    await waitForProblem(here, 'was lost with the master key')
    await changeAttached(here, {
      administration: { password: ADMINISTRATOR.password },
      existing_passwords: 'replace',
    })
    await waitUntilAvailable(here)
    await expect(whoAmI()).resolves.toBe(service.applicationId)
  })
})

it('docs/incidents.md has no block that was not run', () => {
  expect(blocks.filter(({ text }) => !taken.has(text)).map(({ line }) => line)).toEqual([])
})
