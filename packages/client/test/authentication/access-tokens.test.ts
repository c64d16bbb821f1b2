/** What each auth type asks of the OAuth server, and what it says when that refuses. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { createAccessTokenSource } from '../../src/authentication/access-tokens.ts'
import { resolveConfiguration, type ClientConfiguration } from '../../src/authentication/configuration.ts'
import { homeOfTest } from '../stage/home.ts'
import { json, playServer, type Asked } from '../stage/played-fetch.ts'
import { TurnedClock } from '../stage/turned-clock.ts'

const home = homeOfTest()
const HOST = 'https://workspace.example.com'

type Routes = Parameters<typeof playServer>[0]

/** A workspace as the SDKs expect it, whose token endpoint answers with tokens that count. */
function workspace(routes: Routes = {}) {
  let count = 0
  const network = playServer({
    '/.well-known/databricks-config': () =>
      json(200, {
        oidc_endpoint: `${HOST}/oidc`,
        account_id: 'acc',
        workspace_id: '7',
        token_federation_default_oidc_audiences: ['the audience'],
      }),
    '/oidc/.well-known/oauth-authorization-server': () =>
      json(200, {
        token_endpoint: `${HOST}/oidc/v1/token`,
        authorization_endpoint: `${HOST}/oidc/v1/authorize`,
      }),
    '/oidc/v1/token': () => {
      count += 1
      return json(200, {
        access_token: `access ${String(count)}`,
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: `refresh ${String(count)}`,
      })
    },
    ...routes,
  })
  const forms = () =>
    network.asked
      .filter(({ url }) => new URL(url).pathname.endsWith('/token'))
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body ?? '')))
  const paths = () => network.asked.map(({ url }) => new URL(url).pathname)
  return { ...network, forms, paths }
}

async function sourceOf(
  network: ReturnType<typeof workspace>,
  given: ClientConfiguration,
  environment: Record<string, string> = {},
  clock = new TurnedClock(),
) {
  const configuration = await resolveConfiguration({ host: HOST, ...given }, home.surroundings(environment))
  return createAccessTokenSource(configuration, { fetch: network.fetch, clock })
}

const refuse = (error: string) => () => json(400, { error, error_description: `it is ${error}` })

describe('pat', () => {
  it('is sent as it is, and nobody is asked', async () => {
    const network = workspace()
    const source = await sourceOf(network, { token: 'dapi' })
    expect(await source.token()).toEqual({ value: 'dapi', expiresAt: undefined })
    expect(network.asked).toEqual([])
  })
})

describe('oauth-m2m', () => {
  const given = { clientId: 'id', clientSecret: 's/e+c%r' }

  it('asks with id and secret, form-encoded in the header, and learns how long the token lives', async () => {
    const network = workspace()
    const clock = new TurnedClock()
    const source = await sourceOf(network, given, {}, clock)
    expect(await source.token()).toMatchObject({
      value: 'access 1',
      expiresAt: new Date(clock.wallTime() + 3_600_000),
    })
    expect(network.forms()).toEqual([{ grant_type: 'client_credentials', scope: 'all-apis' }])
    const sent = network.asked.at(-1)?.headers.get('authorization')?.replace('Basic ', '') ?? ''
    expect(Buffer.from(sent, 'base64').toString()).toBe('id:s%2Fe%2Bc%25r')
  })

  it('finds the endpoint once', async () => {
    const network = workspace()
    const clock = new TurnedClock()
    const source = await sourceOf(network, given, {}, clock)
    await source.token()
    await clock.pass(3_600_000)
    await source.token()
    expect(network.paths()).toEqual([
      '/.well-known/databricks-config',
      '/oidc/.well-known/oauth-authorization-server',
      '/oidc/v1/token',
      '/oidc/v1/token',
    ])
  })

  it('finds it at older workspaces, which have no document of their own', async () => {
    const network = workspace({
      '/.well-known/databricks-config': () => json(404, { message: 'no', error_code: 'X' }),
    })
    expect(await (await sourceOf(network, given)).token()).toMatchObject({ value: 'access 1' })
  })

  it('finds it where discovery_url says', async () => {
    const network = workspace({
      '/other': () =>
        json(200, { token_endpoint: `${HOST}/oidc/v1/token`, authorization_endpoint: `${HOST}/a` }),
    })
    await (await sourceOf(network, { ...given, discoveryUrl: `${HOST}/other` })).token()
    expect(network.paths()).toEqual(['/other', '/oidc/v1/token'])
  })

  it('finds that of an account without asking', async () => {
    const path = '/oidc/accounts/acc/v1/token'
    const network = workspace({ [path]: () => json(200, { access_token: 'of account', expires_in: 60 }) })
    const source = await sourceOf(network, {
      ...given,
      host: 'https://accounts.cloud.databricks.com',
      accountId: 'acc',
    })
    expect(await source.token()).toMatchObject({ value: 'of account' })
    expect(network.paths()).toEqual([path])
  })

  it('does not send the secret in clear because a document says so', async () => {
    const network = workspace({
      '/oidc/.well-known/oauth-authorization-server': () =>
        json(200, { token_endpoint: 'http://evil/token', authorization_endpoint: 'http://evil' }),
    })
    await expect((await sourceOf(network, given)).token()).rejects.toThrow('names no usable token_endpoint')
  })

  it.each([
    ['its own document', '/.well-known/databricks-config', { oidc_endpoint: 'http://evil/oidc' }],
    [
      'a device flow',
      '/oidc/.well-known/oauth-authorization-server',
      {
        token_endpoint: `${HOST}/t`,
        authorization_endpoint: `${HOST}/a`,
        device_authorization_endpoint: 'http://evil/d',
      },
    ],
  ])('of a host inside TLS is not led out of it by %s', async (_what, path, document) => {
    const network = workspace({ [path]: () => json(200, document) })
    await expect((await sourceOf(network, given)).token()).rejects.toMatchObject({
      name: 'LakegateConfigurationError',
    })
    expect(network.asked.filter(({ url }) => !url.startsWith(HOST))).toEqual([])
  })

  it('says what to check when the secret is wrong', async () => {
    const network = workspace({ '/oidc/v1/token': refuse('invalid_client') })
    await expect((await sourceOf(network, given)).token()).rejects.toMatchObject({
      errorCode: 'invalid_client',
      nextStep: 'Check client_id and client_secret; a secret may have expired or been deleted.',
    })
  })
})

describe('federation', () => {
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    scope: 'all-apis',
  }

  it('env-oidc exchanges the token of the variable', async () => {
    const network = workspace()
    await (await sourceOf(network, { clientId: 'id' }, { DATABRICKS_OIDC_TOKEN: 'jwt' })).token()
    expect(network.forms()).toEqual([{ ...exchange, subject_token: 'jwt', client_id: 'id' }])
  })

  it('env-oidc takes another variable, and no client id for the policies of the account', async () => {
    const network = workspace()
    await (await sourceOf(network, { oidcTokenEnv: 'MINE' }, { MINE: 'jwt\n' })).token()
    expect(network.forms()).toEqual([{ ...exchange, subject_token: 'jwt' }])
  })

  it('file-oidc reads the file anew each time', async () => {
    const network = workspace()
    const clock = new TurnedClock()
    const file = path.join(home.directory(), 'token')
    await writeFile(file, 'one\n')
    const source = await sourceOf(network, { clientId: 'id', oidcTokenFilepath: file }, {}, clock)
    await source.token()
    await writeFile(file, 'two\n')
    await clock.pass(3_600_000)
    await source.token()
    expect(network.forms().map((form) => form['subject_token'])).toEqual(['one', 'two'])
  })

  it.each([
    [{}, 'the audience'],
    [{ tokenAudience: 'mine & only' }, 'mine & only'],
  ])('github-oidc asks the runner for a token with the audience: %j', async (given, audience) => {
    let asked: Asked | undefined
    const network = workspace({
      '/runner': (one) => {
        asked = one
        return json(200, { value: 'of github' })
      },
    })
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.example.com/runner?v=2',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner secret',
    }
    await (await sourceOf(network, { clientId: 'id', ...given }, environment)).token()
    expect(Object.fromEntries(new URL(asked?.url ?? '').searchParams)).toEqual({ v: '2', audience })
    expect(asked?.headers.get('authorization')).toBe('Bearer runner secret')
    expect(network.forms()).toEqual([{ ...exchange, subject_token: 'of github', client_id: 'id' }])
  })

  it.each<[ClientConfiguration, string]>([
    [{ authType: 'env-oidc' }, 'The variable DATABRICKS_OIDC_TOKEN'],
    [{ authType: 'file-oidc' }, 'No file is named'],
    [{ authType: 'file-oidc', oidcTokenFilepath: '/nowhere/token' }, 'cannot be read: ENOENT'],
    [{ authType: 'github-oidc' }, 'GitHub Actions gives this job no identity token'],
    [{ authType: 'oauth-m2m', clientId: 'c' }, 'needs clientSecret'],
    [{ authType: 'pat' }, 'needs token'],
    [{}, `Nothing says who you are at ${HOST}`],
  ])('says what is missing: %j', async (given, message) => {
    const attempt = async () => (await sourceOf(workspace(), given)).token()
    await expect(attempt()).rejects.toThrow(message)
    await expect(attempt()).rejects.toMatchObject({ name: 'LakegateConfigurationError' })
  })

  it('says what to compare when no policy fits', async () => {
    const network = workspace({ '/oidc/v1/token': refuse('invalid_grant') })
    const source = await sourceOf(network, { clientId: 'id' }, { DATABRICKS_OIDC_TOKEN: 'secret jwt' })
    const failure = await source.token().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'LakegateSignInError',
      nextStep: 'Compare issuer, audience and subject of the token with the federation policies of id.',
    })
    expect(String(failure)).not.toContain('secret jwt')
  })
})

describe('databricks-cli', () => {
  const inAnHour = () => new Date(new TurnedClock().wallTime() + 3_600_000).toISOString()
  const past = '2020-01-01T00:00:00Z'
  const cache = (session: object) =>
    home.writeCache({ version: 1, tokens: { dev: session, [HOST]: session, other: { access_token: 'o' } } })
  const profile = async () => {
    await home.writeConfig(`[dev]\nhost = ${HOST}\nauth_type = databricks-cli\n`)
    return { profile: 'dev' }
  }
  const readCache = async () =>
    JSON.parse(await readFile(home.cacheFile(), 'utf8')) as { tokens: Record<string, object> }

  it('takes the token of the cache while that is good', async () => {
    const network = workspace()
    await cache({ access_token: 'cached', expiry: inAnHour(), refresh_token: 'r' })
    expect(await (await sourceOf(network, await profile())).token()).toMatchObject({ value: 'cached' })
    expect(network.asked).toEqual([])
  })

  it('renews it five minutes before its end, and writes what came for the CLI', async () => {
    const network = workspace()
    const soon = new Date(new TurnedClock().wallTime() + 299_000).toISOString()
    await cache({
      access_token: 'old',
      expiry: soon,
      refresh_token: 'r',
      token_type: 'Bearer',
      mark: 1,
      expires_in: 9,
    })
    expect(await (await sourceOf(network, await profile())).token()).toMatchObject({ value: 'access 1' })
    expect(network.forms()).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'r', client_id: 'databricks-cli' },
    ])
    const renewed = {
      access_token: 'access 1',
      refresh_token: 'refresh 1',
      token_type: 'Bearer',
      expiry: inAnHour(),
      mark: 1,
    }
    expect((await readCache()).tokens).toEqual({
      dev: renewed,
      [HOST]: renewed,
      other: { access_token: 'o' },
    })
  })

  it('keeps the refresh token where no new one comes', async () => {
    const network = workspace({ '/oidc/v1/token': () => json(200, { access_token: 'a', expires_in: 60 }) })
    await cache({ access_token: 'old', expiry: past, refresh_token: 'r' })
    await (await sourceOf(network, await profile())).token()
    expect((await readCache()).tokens['dev']).toMatchObject({ access_token: 'a', refresh_token: 'r' })
  })

  it('renews a token that was refused although it had not expired', async () => {
    const network = workspace()
    await cache({ access_token: 'revoked', expiry: inAnHour(), refresh_token: 'r' })
    const source = await sourceOf(network, await profile())
    source.refuse((await source.token()).value)
    expect(await source.token()).toMatchObject({ value: 'access 1' })
  })

  it('uses a refresh token once, however many ask', async () => {
    const network = workspace()
    await cache({ access_token: 'old', expiry: past, refresh_token: 'r' })
    const given = await profile()
    const sources = await Promise.all(Array.from({ length: 4 }, () => sourceOf(network, given)))
    const tokens = await Promise.all(sources.map((source) => source.token()))
    expect(new Set(tokens.map(({ value }) => value))).toEqual(new Set(['access 1']))
    expect(network.forms()).toHaveLength(1)
  })

  it('takes what a faster program wrote, when its refresh token is used up', async () => {
    const network = workspace({
      '/oidc/v1/token': async () => {
        await cache({ access_token: 'of the faster', expiry: inAnHour(), refresh_token: 'r2' })
        return json(400, { error: 'invalid_grant', error_description: 'Refresh token is invalid' })
      },
    })
    await cache({ access_token: 'old', expiry: past, refresh_token: 'r' })
    expect(await (await sourceOf(network, await profile())).token()).toMatchObject({ value: 'of the faster' })
  })

  /** What is on the PATH as `databricks`. */
  async function program(script: string): Promise<Record<string, string>> {
    const file = path.join(home.directory(), 'databricks')
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
    return { PATH: `${home.directory()}:/usr/bin:/bin`, DATABRICKS_CLI_PATH: file }
  }

  it('asks the program where only that can read the session', async () => {
    const environment = await program(
      `echo "$@" > "$HOME/words"; echo '{"access_token": "of the keyring", "token_type": "Bearer", "expiry": "${inAnHour()}"}'`,
    )
    const source = await sourceOf(workspace(), await profile(), environment)
    expect(await source.token()).toMatchObject({ value: 'of the keyring', expiresAt: new Date(inAnHour()) })
    expect(await readFile(path.join(home.directory(), 'words'), 'utf8')).toBe('auth token --profile dev\n')
  })

  it('has let go of the lock of sessions when the program asks for it', async () => {
    const environment = await program(
      `flock --nonblock "$HOME/.databricks/token-cache.lock" true || { echo 'Error: locked' >&2; exit 1; }; echo '{"access_token": "t"}'`,
    )
    await cache({ access_token: 'old', expiry: past })
    const source = await sourceOf(workspace(), await profile(), environment)
    expect(await source.token()).toMatchObject({ value: 't' })
  })

  it('repeats nothing of what the program printed, which may be a token', async () => {
    const environment = await program(`echo 'eyJhbGciOi.secret'`)
    const source = await sourceOf(workspace(), await profile(), environment)
    const failure = await source.token().catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'LakegateSignInError' })
    expect(inspect(failure)).not.toContain('eyJ')
  })

  it('asks it for another one when the first was refused', async () => {
    const environment = await program(`echo "$@" > "$HOME/words"; echo '{"access_token": "t"}'`)
    const source = await sourceOf(workspace(), await profile(), environment)
    source.refuse((await source.token()).value)
    await source.token()
    expect(await readFile(path.join(home.directory(), 'words'), 'utf8')).toBe(
      'auth token --profile dev --force-refresh\n',
    )
  })

  it('does without that where the program is too old to know the flag', async () => {
    const environment = await program(
      `case "$*" in *force*) echo 'Error: unknown flag: --force-refresh' >&2; exit 1;; esac; echo '{"access_token": "t"}'`,
    )
    const source = await sourceOf(workspace(), await profile(), environment)
    source.refuse((await source.token()).value)
    expect(await source.token()).toMatchObject({ value: 't' })
  })

  it('is not asked by a program that was itself asked in the place of the CLI', async () => {
    const environment = await program(`echo '{"access_token": "of itself"}'`)
    const asked = { ...environment, LAKEGATE_ASKED_FOR_SESSION: '1' }
    const source = await sourceOf(workspace(), await profile(), asked)
    await expect(source.token()).rejects.toThrow('that can be used: there is none in its cache.')
  })

  it('renews ahead of time what the cache would still give', async () => {
    const network = workspace()
    const clock = new TurnedClock()
    await cache({ access_token: 'cached', expiry: inAnHour(), refresh_token: 'r' })
    const configuration = await resolveConfiguration(await profile(), home.surroundings())
    const source = createAccessTokenSource(configuration, {
      fetch: network.fetch,
      clock,
      refresh: 'ahead',
      random: () => 0.5,
    })
    await source.token()
    await clock.pass(41 * 60_000)
    // The request goes through files and a lock, for which no clock is turned.
    await vi.waitFor(() => expect(network.forms()).toHaveLength(1))
    await vi.waitFor(async () => expect(await source.token()).toMatchObject({ value: 'access 1' }))
    source.close()
  })

  it('asks it by the host where there is no profile', async () => {
    const environment = await program(`echo "$@" > "$HOME/words"; echo '{"access_token": "t"}'`)
    await (await sourceOf(workspace(), { authType: 'databricks-cli' }, environment)).token()
    expect(await readFile(path.join(home.directory(), 'words'), 'utf8')).toBe(`auth token --host ${HOST}\n`)
  })

  it('says what the program complained of, and how to sign in', async () => {
    const environment = await program(`echo 'secret'; echo 'Error: no session for dev' >&2; exit 1`)
    const failure = await (
      await sourceOf(workspace(), await profile(), environment)
    )
      .token()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'LakegateSignInError',
      message: 'There is no session of the profile dev that can be used: Error: no session for dev',
      nextStep: 'Sign in: lakegate auth login --profile dev',
    })
  })

  it('says that there is no session where there is no program either', async () => {
    const source = await sourceOf(workspace(), await profile(), {
      DATABRICKS_CLI_PATH: '/nowhere/databricks',
    })
    await expect(source.token()).rejects.toThrow(
      'there is none in its cache, and the program databricks is not installed.',
    )
  })

  it('says that the session is over when its refresh token is not accepted', async () => {
    const network = workspace({ '/oidc/v1/token': refuse('invalid_grant') })
    await cache({ access_token: 'old', expiry: past, refresh_token: 'r' })
    const source = await sourceOf(network, await profile(), { DATABRICKS_CLI_PATH: '/nowhere/databricks' })
    await expect(source.token()).rejects.toMatchObject({
      message: 'There is no session of the profile dev that can be used: it is invalid_grant',
      nextStep: 'Sign in: lakegate auth login --profile dev',
    })
  })
})
