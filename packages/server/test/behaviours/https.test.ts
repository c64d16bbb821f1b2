/**
 * HTTPS on the port of HTTP (issue 10, C20): clients that insist on it get along with the certificate authority that they
 * are told of, at the addresses of a laptop and under a public URL, and people sign in over it.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp, type HostMetadata, type ScimUser, type WorkspaceAnswer } from '@lakegate/client'
import { freePort } from '../stage/free-port.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createPerson, signInAndAllow, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { fetchTrusting, type Fetch } from '../stage/trusting-fetch.ts'

const run = promisify(execFile)

describe('on a laptop, with nothing configured', () => {
  const { ready, admin } = sharedLakegate()
  const { port } = new URL(ready.http_url)
  const curl = async (...words: readonly string[]) =>
    (await run('curl', ['--silent', '--show-error', '--fail', '--cacert', ready.ca_file, ...words])).stdout

  it.each(['127.0.0.1', 'localhost'])('https://%s is verified', async (host) => {
    const answer = await curl(
      '--header',
      `Authorization: Bearer ${ready.admin_token}`,
      `https://${host}:${port}/api/2.0/preview/scim/v2/Me`,
    )
    expect(JSON.parse(answer)).toMatchObject({ userName: ready.admin_user })
  })

  it('Node takes it with NODE_EXTRA_CA_CERTS', async () => {
    const program = `fetch('https://127.0.0.1:${port}/readyz').then((answer) => console.log(answer.status))`
    const { stdout } = await run(process.execPath, ['--eval', program], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: ready.ca_file },
    })
    expect(stdout).toBe('200\n')
  })

  it('whoever trusts another authority is not connected', async () => {
    await expect(fetch(`https://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })

  it('the advertised address stays as it is, however it is asked for', async () => {
    const path = '/.well-known/databricks-config'
    const overTls = JSON.parse(await curl(`https://127.0.0.1:${port}${path}`)) as HostMetadata
    expect(overTls).toEqual(await admin.request('GET', path))
    expect(overTls.oidc_endpoint).toBe(`${ready.http_url}/oidc`)
  })

  it('another workspace has its own certificate', async () => {
    const workspaces = `/api/2.0/accounts/${ready.account_id}/workspaces`
    const made = await admin.request<WorkspaceAnswer>('POST', workspaces, {
      workspace_name: `over TLS ${randomUUID()}`,
    })
    const url = made.workspace_url.replace('http:', 'https:')
    const answer = await curl(`${url}/.well-known/databricks-config`)
    expect((JSON.parse(answer) as HostMetadata).workspace_id).toBe(String(made.workspace_id))
    await admin.request('DELETE', `${workspaces}/${String(made.workspace_id)}`)
  })
})

describe('under a public URL', () => {
  let lakegate: OwnLakegate
  let publicUrl: string
  let trusting: Fetch
  let admin: ReturnType<typeof createLakegateHttp>

  beforeAll(async () => {
    const port = String(await freePort())
    publicUrl = `https://localhost:${port}`
    lakegate = await startOwnLakegate({
      LAKEGATE_FIRST_INSTANCE: '',
      LAKEGATE_HTTP_PORT: port,
      LAKEGATE_PUBLIC_URL: publicUrl,
    })
    trusting = fetchTrusting(await readFile(lakegate.ready.ca_file, 'utf8'))
    admin = createLakegateHttp(`http://127.0.0.1:${port}`, () => lakegate.ready.admin_token)
  })
  afterAll(() => lakegate.remove())

  it('everything that is advertised is under it', async () => {
    expect(lakegate.ready.http_url).toBe(publicUrl)
    const metadata = await trusting(new URL('/oidc/.well-known/openid-configuration', publicUrl))
    for (const [name, value] of Object.entries((await metadata.json()) as Record<string, unknown>))
      if (/^issuer$|_endpoint$|_uri$/.test(name)) expect(value).toMatch(new RegExp(`^${publicUrl}/oidc`))
  })

  it('a person sets a password, signs in, and the token is good', async () => {
    const visitor = new Visitor(trusting)
    const person = await createPerson({ admin }, 'Grace', visitor)
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const redirectUri = 'http://localhost:8020'
    const asked = new URL('/oidc/v1/authorize', publicUrl)
    asked.search = new URLSearchParams({
      client_id: 'databricks-cli',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'all-apis offline_access',
      // RFC 7636, appendix B
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString()
    const back = await signInAndAllow(visitor, asked, person)
    const answer = await trusting(new URL('/oidc/v1/token', publicUrl), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'databricks-cli',
        code: back.searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
    })
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const me = await trusting(new URL('/api/2.0/preview/scim/v2/Me', publicUrl), {
      headers: { authorization: `Bearer ${token}` },
    })
    expect((await me.json()) as ScimUser).toMatchObject({ id: person.id })
    expect(visitor.cookies(/^__Host-/)).not.toEqual([])
  })

  it('handshakes that fail leave no trace in the log', async () => {
    const before = lakegate.output()
    const { port } = new URL(publicUrl)
    for (const options of [{ ALPNProtocols: ['h2'] }, { servername: 'x'.repeat(250) }, {}]) {
      const socket = connect({ host: '127.0.0.1', port: Number(port), ...options })
      await once(socket, 'close').catch(() => undefined)
    }
    expect((await trusting(new URL('/healthz', publicUrl))).status).toBe(200)
    expect(lakegate.output().slice(before.length)).not.toMatch(/"level":"(?:warn|error)"|Error|\.js:\d/)
  })
})
