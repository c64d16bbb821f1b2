/**
 * `lakegate auth`: a person signs in by the browser or with a code on another device, and what is kept of that is what the
 * databricks CLI and the SDKs read (wire-contract §3.6); that they do is every-client/lakegate-session.test.ts.
 */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimMe } from '@lakegate/client'
import { makeHome, type Home, type RunningCommand } from '../stage/at-home.ts'
import { createPerson, formAction, signInAndAllow, Visitor, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate

interface TokenAnswer {
  readonly access_token: string
  readonly token_type: string
  readonly expiry: string
}
interface TokenCache {
  readonly version: number
  readonly tokens: Readonly<Record<string, { readonly access_token: string; readonly refresh_token: string }>>
}

let ada: Person
let home: Home
beforeAll(async () => {
  ;[ada, home] = await Promise.all([createPerson(lakegate), makeHome()])
})
afterAll(async () => {
  await home.remove()
})

const readCache = async (): Promise<TokenCache> =>
  JSON.parse(await home.read('.databricks/token-cache.json')) as TokenCache

/** The line that stands alone, and is to be opened or entered. */
const lineOf = (command: RunningCommand, pattern: RegExp): Promise<string> =>
  waitFor('a line for the person', () => {
    if (command.child.exitCode !== null) throw new Error(command.stderr())
    return pattern.exec(command.stderr())?.[1]
  })
const ADDRESS = /^ {2}(http\S+)\n/m

/** Signs in at the address that the command prints; BROWSER=none prints it, as in the databricks CLI. */
async function logIn(words: readonly string[], person = ada) {
  const command = home.start(['auth', 'login', ...words], { environment: { BROWSER: 'none' } })
  const address = new URL(await lineOf(command, ADDRESS))
  const back = await signInAndAllow(new Visitor(), address, person)
  return { command, address, back }
}

describe('lakegate auth login', () => {
  it('signs in by the browser, and keeps a profile and a session as the databricks CLI does', async () => {
    const { command, address, back } = await logIn([ready.http_url, '--profile', 'ada'])
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      client_id: 'databricks-cli',
      response_type: 'code',
      scope: 'offline_access all-apis',
      code_challenge_method: 'S256',
    })
    expect(address.searchParams.get('redirect_uri')).toMatch(/^http:\/\/localhost:80[234]\d$/)
    const page = await fetch(back)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('You are signed in')
    const { status, stdout, stderr } = await command.ended
    expect(status, stderr).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain('Profile ada was successfully saved')
    expect(stderr).toContain(`You are signed in as ${ada.userName}.`)

    const profiles = await home.read('.databrickscfg')
    expect(profiles).toContain('[ada]')
    for (const [key, value] of Object.entries({
      host: ready.http_url,
      auth_type: 'databricks-cli',
      account_id: ready.account_id,
      workspace_id: ready.workspace_id,
    }))
      expect(profiles).toMatch(new RegExp(`^${key} *= *${value}$`, 'm'))
    const { version, tokens } = await readCache()
    expect(version).toBe(1)
    expect(Object.keys(tokens)).toEqual(expect.arrayContaining(['ada', ready.http_url]))
    for (const file of ['.databrickscfg', '.databricks/token-cache.json'])
      expect((await stat(path.join(home.directory, file))).mode & 0o077).toBe(0)
  })

  it('signs in with a code on another device, where no browser is in front of the person', async () => {
    const command = home.start([
      'auth',
      'login',
      '--host',
      ready.http_url,
      '--profile',
      'device',
      '--no-browser',
    ])
    const address = await lineOf(command, ADDRESS)
    const code = await lineOf(command, /^ {2}([A-Z]{4}-[A-Z]{4})$/m)
    const visitor = new Visitor()
    const entry = await visitor.visit(address)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(entry.text)?.[1] ?? ''
    let page = await visitor.submit(entry.url, { xsrf, user_code: code, confirm: 'yes' })
    page = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: ada.userName,
      password: ada.password,
    })
    page = await visitor.submit(formAction(page, 'consent'), {})
    expect(page.text).toContain('Device connected')
    const { status, stderr } = await command.ended
    expect(status, stderr).toBe(0)
    expect(await home.json<ScimMe>(['current-user', 'me', '-p', 'device'])).toMatchObject({ id: ada.id })
  })

  it('does not hear a browser that comes with the state of another request (RFC 6749 §10.12)', async () => {
    const { command, back } = await logIn([ready.http_url, '--profile', 'state'])
    const forged = new URL(back)
    forged.searchParams.set('state', 'forged')
    expect((await fetch(forged)).status).toBe(404)
    expect(command.child.exitCode).toBe(null)
    expect((await fetch(back)).status).toBe(200)
    expect((await command.ended).status).toBe(0)
  })

  it('says why a login was refused, and keeps nothing', async () => {
    const command = home.start(['auth', 'login', ready.http_url, '-p', 'refused'], {
      environment: { BROWSER: 'none' },
    })
    const asked = new URL(await lineOf(command, ADDRESS)).searchParams
    const back = new URL(asked.get('redirect_uri') ?? '')
    back.searchParams.set('state', asked.get('state') ?? '')
    back.searchParams.set('error', 'access_denied')
    back.searchParams.set('error_description', 'You\u001b[31m did not allow it')
    await fetch(back)
    const { status, stderr } = await command.ended
    expect(status).toBe(3)
    expect(stderr).toContain('Error: You were not signed in: You')
    expect(stderr).not.toContain('\u001b')
    expect(await home.read('.databrickscfg')).not.toContain('[refused]')
  })
})

describe('a profile of a person', () => {
  it('is one with which commands work, and which auth profiles and auth describe show', async () => {
    expect((await home.run(['-p', 'ada', 'current-user', 'me', '--quiet'])).stdout).toBe(`${ada.userName}\n`)
    const { profiles } = await home.json<{ profiles: object[] }>(['auth', 'profiles', '-o', 'json'])
    expect(profiles).toContainEqual({
      name: 'ada',
      host: ready.http_url,
      account_id: ready.account_id,
      workspace_id: ready.workspace_id,
      cloud: 'aws',
      auth_type: 'databricks-cli',
      valid: true,
    })
    const described = await home.run(['auth', 'describe', '-p', 'ada'])
    expect(described.stdout).toContain(`User: ${ada.userName}\nAuthenticated with: databricks-cli\n`)
  })

  it('becomes the default one by auth switch', async () => {
    expect((await home.run(['auth', 'switch', '-p', 'ada'])).status).toBe(0)
    expect((await home.run(['current-user', 'me', '--quiet'])).stdout).toBe(`${ada.userName}\n`)
  })

  it('gives tokens as the databricks CLI does, and a new one by --force-refresh', async () => {
    const token = await home.json<TokenAnswer>(['auth', 'token', '--profile', 'ada'])
    expect(token).toMatchObject({
      access_token: expect.stringMatching(/^ey/) as string,
      token_type: 'Bearer',
    })
    expect(new Date(token.expiry).getTime()).toBeGreaterThan(Date.now())
    expect(token).not.toHaveProperty('refresh_token')
    const before = (await readCache()).tokens['ada']
    const fresh = await home.run(['auth', 'token', 'ada', '--force-refresh', '-o', 'text'])
    expect(fresh.stdout.trim()).not.toBe(token.access_token)
    const after = (await readCache()).tokens['ada']
    expect(after?.access_token).toBe(fresh.stdout.trim())
    expect(after?.refresh_token).not.toBe(before?.refresh_token)
  })
})

describe('lakegate auth logout', () => {
  it('ends the session here and at the server, and leaves the profile', async () => {
    const { command, back } = await logIn([ready.http_url, '--profile', 'leaves'])
    await fetch(back)
    await command.ended
    const refreshToken = (await readCache()).tokens['leaves']?.refresh_token ?? ''
    const { status, stderr } = await home.run(['auth', 'logout', '--profile', 'leaves', '--force'])
    expect(status, stderr).toBe(0)
    expect((await readCache()).tokens).not.toHaveProperty('leaves')
    // Under the name of the host it was the same one.
    expect((await readCache()).tokens).not.toHaveProperty([ready.http_url])
    expect((await readCache()).tokens).toHaveProperty('ada')
    const answer = await fetch(`${ready.http_url}/oidc/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'databricks-cli',
        refresh_token: refreshToken,
      }),
    })
    expect(answer.status).toBe(400)
    expect(await home.read('.databrickscfg')).toContain('[leaves]')
  })

  it('needs --force where nobody can be asked', async () => {
    const { status, stderr } = await home.run(['auth', 'logout', '--profile', 'ada'])
    expect(status).toBe(2)
    expect(stderr).toContain('Give --force.')
  })
})

describe('lakegate configure', () => {
  it('keeps a token from standard input in a profile, in the place of a session', async () => {
    const kept = await home.run(['configure', '--host', ready.http_url, '-p', 'device'], {
      input: `${ready.admin_token}\n`,
    })
    expect(kept.status, kept.stderr).toBe(0)
    expect(`${kept.stdout}${kept.stderr}`).not.toContain(ready.admin_token)
    expect((await home.run(['current-user', 'me', '-p', 'device', '--quiet'])).stdout).toBe(
      `${ready.admin_user}\n`,
    )
  })
})

describe('who is not signed in', () => {
  it('reads the exact command that signs in, in a command of operators as well', async () => {
    const stranger = await makeHome({ DATABRICKS_HOST: ready.http_url })
    try {
      const { status, stderr } = await stranger.run(['sessions', 'list'])
      expect(status).toBe(3)
      expect(stderr).toContain(`Run \`lakegate auth login --host ${ready.http_url}\`.`)
    } finally {
      await stranger.remove()
    }
  })

  it('reads it with the name of the profile, when its session has ended', async () => {
    const { status, stderr } = await home.run(['database', 'list-database-instances', '-p', 'leaves'])
    expect(status).toBe(3)
    expect(stderr).toContain('lakegate auth login')
    expect(stderr).toContain('--profile leaves')
  })
})
