/** behaviour 68, wire-contract §3.7: a workload gets in with the token of its own identity provider (RFC 8693). */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as client from 'openid-client'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp, type FederationPolicyAnswer } from '@lakegate/client'
import { createPerson } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`
const ISSUER = 'https://ci.example.com'
const AUDIENCE = 'lakegate'

interface Provider {
  readonly privateKey: CryptoKey
  readonly jwks: string
}
async function provider(algorithm: 'RS256' | 'ES256' | 'PS256'): Promise<Provider> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'k', alg: algorithm, use: 'sig' }
  return { privateKey, jwks: JSON.stringify({ keys: [jwk] }) }
}
let es256: Provider
let rs256: Provider
beforeAll(async () => {
  ;[es256, rs256] = await Promise.all([provider('ES256'), provider('RS256')])
})

const policiesOf = (principal: TestServicePrincipal) =>
  `${ACCOUNT}/servicePrincipals/${principal.id}/federationPolicies`
async function principalWithPolicy(jwks: string, policy: object = {}) {
  const principal = await createServicePrincipal(lakegate, 'workload')
  await admin.request('POST', policiesOf(principal), {
    oidc_policy: {
      issuer: ISSUER,
      audiences: [AUDIENCE],
      subject: 'repo:acme/app',
      jwks_json: jwks,
      ...policy,
    },
  })
  return principal
}
const subjectToken = (
  { privateKey }: Provider,
  claims: Record<string, unknown> = {},
  header: { alg?: string; kid?: string } = {},
) =>
  new SignJWT({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'repo:acme/app',
    exp: Math.floor(Date.now() / 1000) + 600,
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', ...header })
    .sign(privateKey)

interface ExchangeAnswer {
  readonly status: number
  readonly access_token?: string
  readonly expires_in?: number
  readonly error?: string
  readonly error_description?: string
}
async function exchange(
  token: string,
  clientId?: string,
  changes: Record<string, string> = {},
): Promise<ExchangeAnswer> {
  const response = await fetch(`${ready.http_url}/oidc/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      scope: 'all-apis',
      ...(clientId === undefined ? {} : { client_id: clientId }),
      ...changes,
    }),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

describe('a workload with the token of its own provider', () => {
  it('becomes its service principal, for REST and for PostgreSQL, without a secret', async () => {
    const principal = await principalWithPolicy(es256.jwks)
    await createRoleFor(lakegate, principal)
    const { access_token: token = '', ...answer } = await exchange(
      await subjectToken(es256),
      principal.applicationId,
    )
    expect(answer).toMatchObject({ status: 200, token_type: 'Bearer', scope: 'all-apis' })
    const me = await createLakegateHttp(ready.http_url, () => token).request(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )
    expect(me).toMatchObject({ id: principal.id })
    const { rows } = await inSession(
      lakegate,
      { user: principal.applicationId, password: token },
      (session) => session.query('SELECT session_user AS who'),
    )
    expect(rows).toEqual([{ who: principal.applicationId }])
  })

  it('may be signed by RS256', async () => {
    const principal = await principalWithPolicy(rs256.jwks)
    const token = await subjectToken(rs256, {}, { alg: 'RS256' })
    expect(await exchange(token, principal.applicationId)).toMatchObject({ status: 200 })
  })

  it('gets a token that lives no longer than its own, and no longer than an hour', async () => {
    const principal = await principalWithPolicy(es256.jwks)
    const lifetime = async (seconds: number) =>
      (
        await exchange(
          await subjectToken(es256, { exp: Math.floor(Date.now() / 1000) + seconds }),
          principal.applicationId,
        )
      ).expires_in
    expect(await lifetime(120)).toBeLessThanOrEqual(120)
    expect(await lifetime(86_400)).toBe(3600)
  })

  it.each([
    ['another issuer', { iss: 'https://other.example.com' }],
    ['another audience', { aud: 'somebody-else' }],
    ['no audience', { aud: undefined }],
    ['another subject', { sub: 'repo:acme/other' }],
    ['a subject that begins alike', { sub: 'repo:acme/app:pull_request' }],
    ['no subject', { sub: undefined }],
    ['a past', { exp: 1_700_000_000 }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is a text', { exp: '9999999999' }],
    ['a future', { nbf: 9_999_999_999 }],
  ])('with %s is refused', async (_what, claims) => {
    const principal = await principalWithPolicy(es256.jwks)
    expect(await exchange(await subjectToken(es256, claims), principal.applicationId)).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
  })

  it('signed by other keys, by other algorithms or not at all is refused (attack 16)', async () => {
    const principal = await principalWithPolicy(es256.jwks)
    const stranger = await provider('ES256')
    const ps256 = await provider('PS256')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await subjectToken(es256)).split('.')[1] ?? ''}.`
    for (const token of [
      await subjectToken(stranger),
      await subjectToken(ps256, {}, { alg: 'PS256' }),
      unsigned,
      'nonsense',
      '',
    ]) {
      expect(await exchange(token, principal.applicationId)).toMatchObject({
        status: 400,
        error: 'invalid_grant',
      })
    }
  })

  it('is not another service principal, and not the account (attack 35)', async () => {
    await principalWithPolicy(es256.jwks)
    const other = await createServicePrincipal(lakegate, 'other')
    const token = await subjectToken(es256)
    expect(await exchange(token, other.applicationId)).toMatchObject({ status: 400 })
    expect(await exchange(token)).toMatchObject({ status: 400 })
    expect(await exchange(token, randomUUID())).toMatchObject({ status: 400 })
  })

  it('is out with the deactivation of the service principal, and with the policy', async () => {
    const principal = await principalWithPolicy(es256.jwks)
    const setActive = (active: boolean) =>
      admin.request('PATCH', `/api/2.0/preview/scim/v2/ServicePrincipals/${principal.id}`, {
        Operations: [{ op: 'replace', path: 'active', value: active }],
      })
    await setActive(false)
    expect(await exchange(await subjectToken(es256), principal.applicationId)).toMatchObject({ status: 400 })
    await setActive(true)
    expect(await exchange(await subjectToken(es256), principal.applicationId)).toMatchObject({ status: 200 })
    const path = policiesOf(principal)
    const { policies } = await admin.request<{ policies: FederationPolicyAnswer[] }>('GET', path)
    await admin.request('DELETE', `${path}/${policies[0]?.policy_id ?? ''}`)
    expect(await exchange(await subjectToken(es256), principal.applicationId)).toMatchObject({ status: 400 })
  })
})

describe('a strict relying party', () => {
  // Deprecated to make it stand out; these tests talk to a loopback address.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const options = { execute: [client.allowInsecureRequests] }
  const issuer = new URL(`${ready.http_url}/oidc`)

  it('runs the exchange', async () => {
    const principal = await principalWithPolicy(es256.jwks)
    const configuration = await client.discovery(
      issuer,
      principal.applicationId,
      undefined,
      client.None(),
      options,
    )
    const tokens = await client.genericGrantRequest(
      configuration,
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: await subjectToken(es256),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        scope: 'postgres',
      },
    )
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'postgres' })
  })

  it.each([
    ['header', (secret: string) => client.ClientSecretBasic(secret)],
    ['body', (secret: string) => client.ClientSecretPost(secret)],
  ] as const)('runs the client credentials grant, the secret in the %s', async (_where, authentication) => {
    const principal = await createServicePrincipal(lakegate, 'strict')
    const configuration = await client.discovery(
      issuer,
      principal.applicationId,
      undefined,
      authentication(principal.secret),
      options,
    )
    const tokens = await client.clientCredentialsGrant(configuration, { scope: 'all-apis' })
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'all-apis' })
    expect(tokens.refresh_token).toBeUndefined()
  })
})

describe('account-wide federation', () => {
  it('makes a person out of the name in the token', async () => {
    const person = await createPerson(lakegate)
    const issuer = `https://idp-${randomUUID()}.example.com`
    const policy = await admin.request<FederationPolicyAnswer>('POST', `${ACCOUNT}/federationPolicies`, {
      oidc_policy: { issuer, audiences: [AUDIENCE], subject_claim: 'email', jwks_json: es256.jwks },
    })
    const token = await subjectToken(es256, { iss: issuer, email: person.userName, sub: 'opaque' })
    const { access_token: own = '' } = await exchange(token)
    const me = await createLakegateHttp(ready.http_url, () => own).request(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )
    expect(me).toMatchObject({ id: person.id })
    const unknown = await subjectToken(es256, { iss: issuer, email: 'nobody@example.com' })
    expect(await exchange(unknown)).toMatchObject({ status: 400 })
    await admin.request('DELETE', `${ACCOUNT}/federationPolicies/${policy.policy_id}`)
  })
})

describe('a personal access token', () => {
  it('is exchanged for a workspace token of the same owner', async () => {
    const { access_token: token = '' } = await exchange(ready.admin_token, undefined, {
      subject_token_type: 'urn:databricks:params:oauth:token-type:personal-access-token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    const me = await createLakegateHttp(ready.http_url, () => token).request(
      'GET',
      '/api/2.0/preview/scim/v2/Me',
    )
    expect(me).toMatchObject({ userName: ready.admin_user })
  })
})

describe('a personal access token that is narrow', () => {
  it('is exchanged for no more than it opens itself', async () => {
    const { token_value } = await admin.request<{ token_value: string }>('POST', '/api/2.0/token/create', {
      scopes: ['postgres'],
    })
    const narrow = (scope: string) =>
      exchange(token_value, undefined, {
        subject_token_type: 'urn:databricks:params:oauth:token-type:personal-access-token',
        scope,
      })
    expect(await narrow('all-apis')).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await narrow('postgres')).toMatchObject({ status: 200, scope: 'postgres' })
    expect(await narrow('all-apis postgres')).toMatchObject({ status: 200, scope: 'postgres' })
  })
})

describe('policies', () => {
  it('are made, shown, changed and removed', async () => {
    const principal = await createServicePrincipal(lakegate, 'policies')
    const path = policiesOf(principal)
    const created = await admin.request<FederationPolicyAnswer>('POST', `${path}?policy_id=github`, {
      description: 'GitHub',
      oidc_policy: { issuer: ISSUER, subject: 's', jwks_json: es256.jwks },
    })
    expect(created).toMatchObject({
      policy_id: 'github',
      name: `accounts/${ready.account_id}/servicePrincipals/${principal.id}/federationPolicies/github`,
      oidc_policy: { issuer: ISSUER, subject: 's', subject_claim: 'sub' },
    })
    const changed = await admin.request<FederationPolicyAnswer>(
      'PATCH',
      `${path}/github?update_mask=description`,
      {
        description: 'Actions',
      },
    )
    expect(changed.description).toBe('Actions')
    expect(await admin.request('GET', `${path}/github`)).toEqual(changed)
    await admin.request('DELETE', `${path}/github`)
    expect(await refusal(admin.request('GET', `${path}/github`))).toMatchObject({ status: 404 })
  })

  it('are twenty at most, and each has an id of its own', async () => {
    const principal = await createServicePrincipal(lakegate, 'many policies')
    const path = policiesOf(principal)
    const policy = { oidc_policy: { issuer: ISSUER, subject: 's', jwks_json: es256.jwks } }
    await admin.request('POST', `${path}?policy_id=p`, policy)
    expect(await refusal(admin.request('POST', `${path}?policy_id=p`, policy))).toMatchObject({ status: 409 })
    for (let count = 1; count < 20; count += 1) await admin.request('POST', path, policy)
    expect(await refusal(admin.request('POST', path, policy))).toMatchObject({ errorCode: 'QUOTA_EXCEEDED' })
  })

  it.each([
    ['no issuer', { oidc_policy: { subject: 's' } }],
    ['no subject', { oidc_policy: { issuer: ISSUER } }],
    ['keys that are none', { oidc_policy: { issuer: ISSUER, subject: 's', jwks_json: '{}' } }],
    [
      'two sources of keys',
      { oidc_policy: { issuer: ISSUER, subject: 's', jwks_json: '{"keys":[]}', jwks_uri: ISSUER } },
    ],
  ])('with %s are refused', async (_what, policy) => {
    const principal = await createServicePrincipal(lakegate, 'bad policy')
    expect(await refusal(admin.request('POST', policiesOf(principal), policy))).toMatchObject({ status: 400 })
  })

  it('are the business of those who manage the service principal, and of the account', async () => {
    const principal = await createServicePrincipal(lakegate, 'curious')
    const policy = { oidc_policy: { issuer: ISSUER, subject: 's', jwks_json: es256.jwks } }
    expect(await refusal(principal.http.request('POST', policiesOf(principal), policy))).toMatchObject({
      status: 403,
    })
    expect(await refusal(principal.http.request('GET', `${ACCOUNT}/federationPolicies`))).toMatchObject({
      status: 403,
    })
  })
})

describe('the keys of a provider are not a way into the network of Lakegate (attack 36)', () => {
  let internal: Server
  const visits: string[] = []
  beforeAll(async () => {
    internal = createServer((request, response) => {
      visits.push(request.url ?? '')
      response.end('{"keys":[]}')
    }).listen(0, '127.0.0.1')
    await once(internal, 'listening')
  })
  afterAll(() => {
    internal.close()
  })

  it.each([
    'http://127.0.0.1',
    'http://localhost',
    'https://127.0.0.1',
    'https://169.254.169.254',
    'https://[::1]',
    'https://[::ffff:10.0.0.1]',
    'file:///etc/passwd',
  ])('jwks_uri %s is not fetched', async (origin) => {
    const { port } = internal.address() as AddressInfo
    const jwks_uri = origin.startsWith('file') ? origin : `${origin}:${String(port)}/keys`
    const principal = await principalWithPolicy(es256.jwks, { jwks_json: undefined, jwks_uri })
    const answer = await exchange(await subjectToken(es256), principal.applicationId)
    expect(answer).toMatchObject({ status: 400, error: 'invalid_grant' })
    // Nor does the answer say anything about what is there.
    expect(answer.error_description).toBe(
      'The keys of the issuer cannot be fetched. Ask the operator, or try again later.',
    )
    expect(visits).toEqual([])
  })
})
