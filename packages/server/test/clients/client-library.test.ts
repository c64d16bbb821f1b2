/**
 * The client library against a running Lakegate: every auth type, with a stand-in for the provider of a platform, a session that
 * is renewed, a login to PostgreSQL, and what docs/client-library.md tells.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import pg from 'pg'
import {
  findSession,
  lakegateOf,
  resolveConfiguration,
  storeSession,
  writeProfile,
  type ClientConfiguration,
  type InstanceConnection,
  type Lakegate as Client,
} from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { prepareCliLogin } from '../stage/cli-login.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { createPerson } from '../stage/person.ts'
import { createPrincipalWithRole, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/clients/client-library.test.ts'
const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const ISSUER = 'https://platform.example.com'

let home: string
let principal: TestServicePrincipal
/** A token of the platform's provider for the workload, as the platform would give it. */
let platformToken: (audience: string) => Promise<string>
let runner: Server
let runnerUrl: string

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'lakegate-client-library-'))
  principal = await createPrincipalWithRole(lakegate, 'client library')
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  await admin.request(
    'POST',
    `/api/2.0/accounts/${ready.account_id}/servicePrincipals/${principal.id}/federationPolicies`,
    {
      oidc_policy: {
        issuer: ISSUER,
        audiences: [`${ready.http_url}/oidc/v1/token`],
        subject: 'workload',
        jwks_json: JSON.stringify({
          keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }],
        }),
      },
    },
  )
  platformToken = (audience) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer(ISSUER)
      .setSubject('workload')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('10 minutes')
      .sign(privateKey)
  // What answers a job of GitHub Actions.
  runner = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://runner')
    if (request.headers.authorization !== 'Bearer of the runner') return void response.writeHead(401).end()
    void platformToken(searchParams.get('audience') ?? '').then((value) =>
      response.end(JSON.stringify({ value })),
    )
  }).listen(0, '127.0.0.1')
  await once(runner, 'listening')
  runnerUrl = `http://127.0.0.1:${String((runner.address() as AddressInfo).port)}/token?api-version=2`
})
afterAll(async () => {
  runner.close()
  await rm(home, { recursive: true })
})

async function open(given: ClientConfiguration, environment: Record<string, string> = {}): Promise<Client> {
  const configuration = await resolveConfiguration(given, { environment, homeDirectory: home })
  return lakegateOf(configuration)
}

async function sessionUser({
  host,
  port,
  database,
  user,
  ca,
  credentials,
}: InstanceConnection): Promise<unknown> {
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    ssl: { ca },
    password: async () => (await credentials.token()).value,
  })
  await client.connect()
  try {
    return (await client.query<{ who: unknown }>('SELECT session_user AS who')).rows[0]?.who
  } finally {
    await client.end()
  }
}

describe('the caller', () => {
  const audience = () => `${ready.http_url}/oidc/v1/token`

  it('is an administrator by a personal access token', async () => {
    const client = await open({ host: ready.http_url, token: ready.admin_token })
    expect(await client.me()).toMatchObject({ userName: ready.admin_user })
  })

  it('is a service principal by its secret', async () => {
    const client = await open({
      host: ready.http_url,
      clientId: principal.applicationId,
      clientSecret: principal.secret,
    })
    expect(await client.me()).toMatchObject({ userName: principal.applicationId })
  })

  it.each(['env-oidc', 'file-oidc', 'github-oidc'])(
    'is a workload by %s, without a secret',
    async (authType) => {
      const file = path.join(home, 'token')
      const token = await platformToken(audience())
      await writeFile(file, token)
      const environment = {
        'env-oidc': { DATABRICKS_OIDC_TOKEN: token },
        'file-oidc': { DATABRICKS_OIDC_TOKEN_FILEPATH: file },
        'github-oidc': {
          ACTIONS_ID_TOKEN_REQUEST_URL: runnerUrl,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the runner',
        },
      }[authType]
      const client = await open({ host: ready.http_url, clientId: principal.applicationId }, environment)
      expect(client.configuration).toMatchObject({ authType })
      expect(await client.me()).toMatchObject({ userName: principal.applicationId })
      expect(await sessionUser(await client.connection(ready.instance.name))).toBe(principal.applicationId)
    },
  )

  it('with a token for another audience is told what to compare', async () => {
    const client = await open(
      { host: ready.http_url, clientId: principal.applicationId },
      { DATABRICKS_OIDC_TOKEN: await platformToken('somebody else') },
    )
    await expect(client.me()).rejects.toMatchObject({
      name: 'LakegateSignInError',
      nextStep: expect.stringContaining('Compare issuer, audience and subject') as string,
    })
  })

  it('is a person by the session of a login, which is renewed and kept for the next program', async () => {
    const person = await createPerson(lakegate)
    const { login } = await prepareCliLogin(lakegate)
    const tokens = await login(person)
    const owner = {
      profile: 'person',
      host: ready.http_url,
      surroundings: { environment: {}, homeDirectory: home },
    }
    await writeProfile(path.join(home, '.databrickscfg'), 'person', {
      host: ready.http_url,
      auth_type: 'databricks-cli',
    })
    const over = '2020-01-01T00:00:00Z'
    await storeSession(owner, {
      access_token: 'of yesterday',
      refresh_token: tokens.refresh_token ?? '',
      expiry: over,
    })
    const clients = await Promise.all(Array.from({ length: 3 }, () => open({ profile: 'person' })))
    const names = await Promise.all(clients.map(async (client) => (await client.me()).userName))
    expect(names).toEqual([person.userName, person.userName, person.userName])
    const kept = await findSession(owner)
    expect(kept?.access_token).toBe((await clients[0]?.accessTokens.token())?.value)
    expect(kept?.refresh_token).not.toBe(tokens.refresh_token)
    expect(kept?.expiry).not.toBe(over)
  })
})

describe('a connection', () => {
  const asPrincipal = () =>
    open({ host: ready.http_url, clientId: principal.applicationId, clientSecret: principal.secret })

  it('leads to the instance, as the caller', async () => {
    const connection = await (await asPrincipal()).connection(ready.instance.name)
    expect(connection).toMatchObject({
      host: ready.instance.host,
      port: ready.instance.port,
      database: 'databricks_postgres',
      user: principal.applicationId,
      ca: await readFile(ready.ca_file, 'utf8'),
    })
    expect(await sessionUser(connection)).toBe(principal.applicationId)
  })

  it('leads to the pooled endpoint', async () => {
    const connection = await (await asPrincipal()).connection(ready.instance.name, { pooled: true })
    expect(connection.port).toBe(ready.instance.pooled_port)
    expect(await sessionUser(connection)).toBe(principal.applicationId)
  })

  it('takes another role and database', async () => {
    const options = { role: 'analysts', database: 'postgres' }
    expect(await (await asPrincipal()).connection(ready.instance.name, options)).toMatchObject({
      user: 'analysts',
      database: 'postgres',
    })
  })

  it('gets a new credential when the first is refused', async () => {
    const { credentials } = await (await asPrincipal()).connection(ready.instance.name)
    const first = await credentials.token()
    expect((await credentials.token()).value).toBe(first.value)
    credentials.refuse(first.value)
    expect((await credentials.token()).value).not.toBe(first.value)
  })

  it('gets a new access token when the first is revoked', async () => {
    const { token_value, token_info } = await admin.request<{
      token_value: string
      token_info: { token_id: string }
    }>('POST', '/api/2.0/token/create', {})
    const client = await open({ host: ready.http_url, token: token_value })
    await client.me()
    await admin.request('POST', '/api/2.0/token/delete', { token_id: token_info.token_id })
    await expect(client.me()).rejects.toMatchObject({
      status: 401,
      nextStep: expect.stringContaining('Sign in again') as string,
    })
  })
})

describe('the built library', () => {
  it('lets a process end that has tokens renewed in the background', async () => {
    const program = path.join(home, 'ends.mjs')
    await writeFile(
      program,
      `import { createLakegate } from '@lakegate/client'
       const lakegate = await createLakegate({}, { accessTokens: { refresh: 'ahead' } })
       const credentials = lakegate.credentials(['${ready.instance.name}'], { refresh: 'ahead' })
       await credentials.token()
       console.log('done')`,
    )
    await linkPackages()
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      env: {
        ...process.env,
        HOME: home,
        DATABRICKS_HOST: ready.http_url,
        DATABRICKS_CLIENT_ID: principal.applicationId,
        DATABRICKS_CLIENT_SECRET: principal.secret,
      },
    })
    expect(stdout).toBe('done\n')
  })
})

const linkPackages = () =>
  symlink(path.join(REPOSITORY, 'node_modules'), path.join(home, 'node_modules')).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })

describe('docs/client-library.md', () => {
  const blocks = blocksRunBy('docs/client-library.md', THIS)
  const programs = blocks.filter(({ language }) => language === 'js')
  let shell: DocumentShell
  let variables: Record<string, string>

  beforeAll(async () => {
    await linkPackages()
    shell = await useShell(home, { HOME: home })
    for (const { text } of programs) {
      const name = /^\/\/ (\S+)\n/.exec(text)?.[1]
      if (name === undefined) throw new Error('a program of the document has no name')
      await writeFile(path.join(home, name), text.replaceAll(`'dev'`, `'${ready.instance.name}'`))
    }
    variables = {
      LAKEGATE: ready.http_url,
      CLIENT_ID: principal.applicationId,
      SECRET: principal.secret,
      TOKEN_OF_THE_PLATFORM: await platformToken(`${ready.http_url}/oidc/v1/token`),
    }
  })
  const caller = () => ({
    DATABRICKS_HOST: ready.http_url,
    DATABRICKS_CLIENT_ID: principal.applicationId,
    DATABRICKS_CLIENT_SECRET: principal.secret,
  })

  it('queries', async () => {
    const { stdout } = await shell.run('node query.mjs', caller())
    expect(stdout).toContain(`session_user: '${principal.applicationId}'`)
  })

  it('says who the caller is', async () => {
    const commands = blocks.find(({ language }) => language === 'sh')?.text ?? ''
    const file = path.join(home, 'token-of-the-platform')
    await writeFile(file, variables['TOKEN_OF_THE_PLATFORM'] ?? '')
    const { stdout } = await shell.run(commands.replace('/tmp/token-of-the-platform', file), variables)
    expect(stdout).toBe(
      ['oauth-m2m', 'env-oidc', 'file-oidc']
        .map((type) => `${principal.applicationId}, by ${type}\n`)
        .join(''),
    )
  })

  it('shares one token', async () => {
    expect((await shell.run('node token.mjs')).stdout).toBe('true\n')
  })

  it('tells what to do about an error', async () => {
    expect((await shell.run('node errors.mjs', caller())).stderr).toBe(
      'DatabaseInstance not found: nowhere\nCheck the name, and that the host is the workspace that has it.\n',
    )
  })
})
