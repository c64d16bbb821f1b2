/** Which of all that is configured counts, as the SDKs decide it. */
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveConfiguration, type ClientConfiguration } from '../../src/authentication/configuration.ts'
import { findSession } from '../../src/authentication/sessions.ts'
import { homeOfTest } from '../stage/home.ts'

const home = homeOfTest()
const resolve = (given: ClientConfiguration = {}, environment: Record<string, string> = {}) =>
  resolveConfiguration(given, home.surroundings(environment))

const FILE = `
[DEFAULT]
host = https://default.example.com
token = of-default

[dev]
host = dev.example.com/
client_id = dev-id
client_secret = dev-secret
scopes = sql, all-apis sql

[person]
host = http://127.0.0.1:8470
auth_type = databricks-cli
`

describe('a setting', () => {
  it('given in the code comes first, then the environment, then the profile', async () => {
    await home.writeConfig(FILE)
    const environment = { DATABRICKS_CONFIG_PROFILE: 'dev', DATABRICKS_CLIENT_SECRET: 'of-environment' }
    const resolved = await resolve({ clientId: 'of-code' }, environment)
    expect(resolved).toMatchObject({
      host: 'https://dev.example.com',
      clientId: 'of-code',
      clientSecret: 'of-environment',
      profile: 'dev',
      authType: 'oauth-m2m',
      scopes: ['all-apis', 'sql'],
    })
    const file = path.join(home.directory(), '.databrickscfg')
    expect(resolved.origins).toMatchObject({
      host: `host of the profile dev in ${file}`,
      clientId: 'clientId in the code',
      clientSecret: 'the variable DATABRICKS_CLIENT_SECRET',
    })
  })

  it('that is empty counts as none', async () => {
    expect(await resolve({ host: '' }, { DATABRICKS_HOST: '', DATABRICKS_TOKEN: '' })).not.toHaveProperty(
      'host',
    )
  })

  it.each([
    ['dbc-1.cloud.databricks.com', 'https://dbc-1.cloud.databricks.com'],
    ['https://dbc-1.cloud.databricks.com/?o=7', 'https://dbc-1.cloud.databricks.com'],
    ['http://127.0.0.1:8470/', 'http://127.0.0.1:8470'],
    ['localhost:8470', 'https://localhost:8470'],
  ])('of the host %s means %s', async (host, means) => {
    expect(await resolve({ host })).toMatchObject({ host: means })
  })

  it('of a host that is none is refused', async () => {
    await expect(resolve({ host: 'ftp://x' })).rejects.toMatchObject({ name: 'LakegateConfigurationError' })
  })
})

describe('the profile', () => {
  it('is DEFAULT where nobody says anything', async () => {
    await home.writeConfig(FILE)
    expect(await resolve()).toMatchObject({
      host: 'https://default.example.com',
      authType: 'pat',
      profile: 'DEFAULT',
    })
  })

  it('is the one that the CLI remembers, before DEFAULT', async () => {
    await home.writeConfig(`${FILE}\n[__settings__]\ndefault_profile = dev\n`)
    expect(await resolve()).toMatchObject({ profile: 'dev' })
  })

  it.each([
    ['a host', {}, { DATABRICKS_HOST: 'https://other.example.com' }],
    ['a token', { token: 't' }, {}],
    ['a client id', {}, { DATABRICKS_CLIENT_ID: 'c' }],
  ])(
    'that nobody named is not read where %s is given, so that no workspace gets the token of another',
    async (_what, given, environment) => {
      await home.writeConfig(FILE)
      const resolved = await resolve(given, environment)
      expect(resolved).not.toHaveProperty('profile')
      expect(resolved.token).not.toBe('of-default')
    },
  )

  it('of another host than the one that is given lends it neither its session nor its name', async () => {
    await home.writeConfig(FILE)
    await home.writeCache({ version: 1, tokens: { person: { access_token: 'of 127.0.0.1' } } })
    const resolved = await resolve(
      { host: 'https://other.example.com' },
      { DATABRICKS_CONFIG_PROFILE: 'person' },
    )
    expect(resolved).not.toHaveProperty('profile')
    expect(await findSession(resolved)).toBeUndefined()
    expect(await resolve({ host: 'http://127.0.0.1:8470/', profile: 'person' })).toMatchObject({
      profile: 'person',
    })
  })

  it('of another host than the one that is given is an error where its secret would be sent there', async () => {
    await home.writeConfig(FILE)
    await expect(
      resolve({ host: 'https://other.example.com' }, { DATABRICKS_CONFIG_PROFILE: 'dev' }),
    ).rejects.toThrow(
      'The profile dev is of https://dev.example.com, and host in the code names https://other.example.com: the client_secret of the one is not sent to the other.',
    )
    expect(
      await resolve(
        { host: 'https://other.example.com', clientId: 'c', clientSecret: 's' },
        { DATABRICKS_CONFIG_PROFILE: 'dev' },
      ),
    ).toMatchObject({ clientSecret: 's' })
  })

  it('may be in another file', async () => {
    await home.writeConfig('[x]\nhost = h\n')
    const file = path.join(home.directory(), '.databrickscfg')
    expect(
      await resolveConfiguration(
        { profile: 'x' },
        { environment: { DATABRICKS_CONFIG_FILE: file }, homeDirectory: '/nowhere' },
      ),
    ).toMatchObject({ host: 'https://h', configFile: file })
  })

  it.each(['nobody', '__settings__'])('that is not there is an error: %s', async (profile) => {
    await home.writeConfig(`${FILE}\n[__settings__]\ndefault_profile = dev\n`)
    await expect(resolve({ profile })).rejects.toThrow(`There is no profile ${profile} in`)
  })

  it('is an error when named without a file, and not missed when not named', async () => {
    await expect(resolve({ profile: 'dev' })).rejects.toThrow('There is no profile dev in')
    expect(await resolve()).not.toHaveProperty('authType')
  })
})

describe('the auth type', () => {
  const host = 'http://127.0.0.1:8470'
  const session = { version: 1, tokens: { [host]: { access_token: 'a' } } }

  it.each<[string, ClientConfiguration, Record<string, string>]>([
    ['pat', { token: 't' }, {}],
    ['oauth-m2m', { clientId: 'c', clientSecret: 's' }, {}],
    ['env-oidc', { clientId: 'c' }, { DATABRICKS_OIDC_TOKEN: 'j' }],
    ['env-oidc', { clientId: 'c', oidcTokenEnv: 'MY_TOKEN' }, {}],
    ['env-oidc', {}, { DATABRICKS_OIDC_TOKEN: 'j' }],
    ['file-oidc', { clientId: 'c' }, { DATABRICKS_OIDC_TOKEN_FILEPATH: '/token' }],
    ['file-oidc', {}, { DATABRICKS_OIDC_TOKEN_FILE: '/token' }],
    [
      'github-oidc',
      { clientId: 'c' },
      { ACTIONS_ID_TOKEN_REQUEST_URL: 'u', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' },
    ],
  ])('is %s with %j and %j', async (authType, given, environment) => {
    expect(await resolve({ host, ...given }, environment)).toMatchObject({ authType })
  })

  it('is databricks-cli where there is a session, before the providers of platforms', async () => {
    await home.writeCache(session)
    expect(await resolve({ host }, { DATABRICKS_OIDC_TOKEN: 'j' })).toMatchObject({
      authType: 'databricks-cli',
    })
    expect(await resolve({ host, clientId: 'c' }, { DATABRICKS_OIDC_TOKEN: 'j' })).toMatchObject({
      authType: 'env-oidc',
    })
  })

  it('of the providers of platforms is the first of GitHub, a variable and a file, as in the Go SDK', async () => {
    const variable = { DATABRICKS_OIDC_TOKEN: 'j', DATABRICKS_OIDC_TOKEN_FILEPATH: '/token' }
    const all = { ...variable, ACTIONS_ID_TOKEN_REQUEST_URL: 'u', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't' }
    expect(await resolve({ host }, all)).toMatchObject({ authType: 'github-oidc' })
    expect(await resolve({ host }, variable)).toMatchObject({ authType: 'env-oidc' })
  })

  it('is what is said to be, whatever else is there', async () => {
    const given = { host, token: 't', clientId: 'c', clientSecret: 's' }
    expect(await resolve(given, { DATABRICKS_AUTH_TYPE: 'oauth-m2m' })).toMatchObject({
      authType: 'oauth-m2m',
    })
  })

  it('is none where nothing is configured', async () => {
    expect(await resolve({ host })).not.toHaveProperty('authType')
  })

  it('that is not known is an error', async () => {
    await expect(resolve({ host }, { DATABRICKS_AUTH_TYPE: 'azure-cli' })).rejects.toThrow(
      'The auth type “azure-cli” (the variable DATABRICKS_AUTH_TYPE) is not supported.',
    )
  })

  it.each<[ClientConfiguration, Record<string, string>, string]>([
    [
      { token: 't' },
      { DATABRICKS_CLIENT_ID: 'c' },
      'pat (token in the code) and oauth (the variable DATABRICKS_CLIENT_ID)',
    ],
    [
      { clientId: 'c', clientSecret: 's' },
      { DATABRICKS_OIDC_TOKEN_FILEPATH: '/f' },
      'oauth (clientId in the code, clientSecret in the code) and file-oidc (the variable DATABRICKS_OIDC_TOKEN_FILEPATH)',
    ],
    [
      { oidcTokenEnv: 'X', oidcTokenFilepath: '/f' },
      {},
      'env-oidc (oidcTokenEnv in the code) and file-oidc (oidcTokenFilepath in the code)',
    ],
  ])('cannot be chosen between two, and the error says which: %j %j', async (given, environment, which) => {
    await expect(resolve({ host, ...given }, environment)).rejects.toThrow(
      `More than one authorization method is configured: ${which}.`,
    )
  })
})
