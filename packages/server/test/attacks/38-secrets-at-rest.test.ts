/**
 * Attack 38: whatever opens something is looked for in everything that Lakegate writes: every table of the system
 * database, every file below the data directory, what it prints, what processes were started with, what it answers to
 * mistakes. A Lakegate of its own, because only so everything that it prints can be read.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TokenInfo, TokenResponse } from '@lakegate/client'
import { processesIn } from '../stage/clusters.ts'
import { openInsider } from '../stage/insider.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createPerson, formAction, requestSignInLink, signInAndAllow, Visitor } from '../stage/person.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'

const VERIFIER = 'the verifier of an authorization request, 43 characters'.replace(/[^a-z0-9]/g, '-')

let lakegate: OwnLakegate
/** Every secret of this test, by what it is. */
const secrets = new Map<string, string>()
/** What was answered to mistakes. */
const answers: string[] = []

const keep = (what: string, secret: string | undefined): string => {
  if (secret === undefined || secret.length < 8) throw new Error(`there is no ${what}`)
  secrets.set(what, secret)
  return secret
}

beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_LOG_LEVEL: 'debug' })
  await useEverything()
  await makeMistakes()
})
afterAll(async () => {
  await lakegate.remove()
})

const authorize = () => {
  const query = new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'all-apis offline_access openid',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  })
  return new URL(`${lakegate.ready.http_url}/oidc/v1/authorize?${query.toString()}`)
}
const post = async (where: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const response = await fetch(`${lakegate.ready.http_url}${where}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
  const text = await response.text()
  return { status: response.status, text }
}
const token = (fields: Record<string, string>) =>
  post('/oidc/v1/token', { client_id: 'databricks-cli', ...fields })

async function useEverything(): Promise<void> {
  const { admin, ready } = lakegate
  keep('personal access token of the administrator', ready.admin_token)
  const principal = await createServicePrincipal(lakegate, 'discretion')
  keep('OAuth secret', principal.secret)
  keep('workspace token', await principal.workspaceToken())
  await createRoleFor(lakegate, principal)
  const credential = keep('database credential', await mintCredential(principal.http, ready.instance.name))
  await inSession(lakegate, { user: principal.applicationId, password: credential }, (session) =>
    session.query('SELECT 1'),
  )
  const pat = await admin.request<{ token_value: string; token_info: TokenInfo }>(
    'POST',
    '/api/2.0/token-management/on-behalf-of/tokens',
    { application_id: principal.applicationId },
  )
  keep('personal access token', pat.token_value)
  const app = await admin.request<{ client_secret?: string }>(
    'POST',
    `/api/2.0/accounts/${ready.account_id}/oauth2/custom-app-integrations`,
    { name: 'an app', redirect_urls: ['https://app.example.com/'], confidential: true },
  )
  keep('secret of an application', app.client_secret)

  const person = await createPerson(lakegate)
  keep('password', person.password)
  keep('sign-in link', (await requestSignInLink(lakegate, person.id)).url.split('/').at(-1))
  const visitor = new Visitor()
  const back = await signInAndAllow(visitor, authorize(), person)
  const code = keep('authorization code', back.searchParams.get('code') ?? undefined)
  const granted = await token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: 'http://localhost:8020',
    code_verifier: keep('verifier of PKCE', VERIFIER),
  })
  const tokens = JSON.parse(granted.text) as TokenResponse & { refresh_token?: string; id_token?: string }
  keep('access token', tokens.access_token)
  keep('ID token', tokens.id_token)
  const refresh = keep('refresh token', tokens.refresh_token)
  const refreshed = await token({ grant_type: 'refresh_token', refresh_token: refresh })
  keep('rotated refresh token', (JSON.parse(refreshed.text) as { refresh_token?: string }).refresh_token)
  keep('session cookie', visitor.cookies('_session')[0]?.[1])

  // What is under way: a sign-in that waits for consent, one that waits for a password, a code that is not redeemed.
  await visitor.visit(authorize())
  keep('cookie of an interaction', visitor.cookies(/^_interaction-[^.]+$/)[0]?.[1])
  const waiting = new Visitor()
  await waiting.visit(authorize())
  keep('cookie of a sign-in', waiting.cookies(/^_interaction-[^.]+$/)[0]?.[1])
  const unused = await signInAndAllow(new Visitor(), authorize(), person)
  keep('code that is not redeemed', unused.searchParams.get('code') ?? undefined)
  const device = await post('/oidc/v1/device_authorization', {
    client_id: 'databricks-cli',
    scope: 'all-apis',
  })
  const { device_code, user_code } = JSON.parse(device.text) as { device_code: string; user_code: string }
  keep('device code', device_code)
  keep('user code', user_code)
  keep('user code as it is compared', user_code.replace('-', ''))
  let page = await waiting.visit(`${ready.http_url}/oidc/device`)
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  page = await waiting.submit(page.url, { xsrf, user_code, confirm: 'yes' })
  formAction(page, 'sign-in')
}

async function makeMistakes(): Promise<void> {
  const { ready } = lakegate
  for (const [what, secret] of [...secrets]) {
    const bearer = { authorization: `Bearer ${secret}x` }
    const basic = `Basic ${Buffer.from(`${randomUUID()}:${secret}`).toString('base64')}`
    const rest = async (where: string, init: RequestInit) =>
      (await fetch(`${ready.http_url}${where}`, init)).text()
    answers.push(
      await rest('/api/2.0/preview/scim/v2/Me', { headers: bearer }),
      await rest('/api/2.0/preview/scim/v2/Users', {
        method: 'POST',
        headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ userName: 'x@example.com', password: secret }),
      }),
      await rest('/api/2.0/database/credentials', {
        method: 'POST',
        headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
        body: `{"instance_names": "${secret}", `,
      }),
      await rest('/api/2.0/database/credentials', {
        method: 'POST',
        headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ instance_names: [{ token: secret }] }),
      }),
      await rest('/oidc/v1/token', {
        method: 'POST',
        headers: { authorization: basic },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
      (await token({ grant_type: 'refresh_token', refresh_token: `${secret}x` })).text,
      (await token({ grant_type: 'authorization_code', code: `${secret}x`, code_verifier: 'y'.repeat(43) }))
        .text,
      (
        await token({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: `${secret}x`,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        })
      ).text,
      (await post('/oidc/v1/introspect', { token: `${secret}x`, client_id: 'databricks-cli' })).text,
    )
    if (['database credential', 'password', 'OAuth secret', 'personal access token'].includes(what)) {
      const error = await refusedLogin(lakegate, { user: 'nobody-here', password: `${secret}x` })
      answers.push(`${error.message} ${error.detail ?? ''} ${error.hint ?? ''}`)
    }
  }
}

/** Those that occur in the text, by what they are. */
const found = (text: string | Buffer): readonly string[] =>
  [...secrets].filter(([, secret]) => text.includes(secret)).map(([what]) => what)

describe('a secret', () => {
  it('is in no table of the system database, neither as text nor as bytes', async () => {
    const insider = await openInsider(lakegate)
    try {
      const { rows: tables } = await sql<{ name: string }>`
        SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`.execute(insider.database)
      expect(tables.length).toBeGreaterThan(10)
      for (const { name } of tables) {
        const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(name)}`.execute(
          insider.database,
        )
        for (const value of rows.flatMap((row) => Object.values(row))) {
          const text = Buffer.isBuffer(value) ? value : JSON.stringify(value ?? null)
          expect(found(text), name).toEqual([])
        }
      }
    } finally {
      await insider.close()
    }
  })

  it('is in no file below the data directory, but for the one that hands it out', async () => {
    const files = (await readdir(lakegate.dataDirectory, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && entry.name !== 'ready.json',
    )
    expect(files.length).toBeGreaterThan(100)
    for (const entry of files) {
      const file = path.join(entry.parentPath, entry.name)
      const content = await readFile(file).catch((error: unknown) => {
        // PostgreSQL removes files while we look.
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
        throw error
      })
      expect(found(content), file).toEqual([])
    }
  })

  it('is not printed', () => {
    const printed = lakegate.output().split('\n')
    expect(printed.filter((line) => line.startsWith('{')).length).toBeGreaterThan(20)
    for (const line of printed) expect(found(line), line).toEqual([])
  })

  it('is in the arguments of no process', async () => {
    const commands = await processesIn(lakegate.dataDirectory)
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) expect(found(command), command).toEqual([])
  })

  it('comes back in no answer to a mistake', () => {
    expect(answers.length).toBeGreaterThan(100)
    for (const answer of answers) expect(found(answer), answer).toEqual([])
  })
})
