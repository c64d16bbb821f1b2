/**
 * Users, service principals and groups of a test, and their tokens. The tokens of people come from an identity provider of the
 * test's own: an account-wide federation policy trusts its key (RFC 8693), so that nobody has to click through a sign-in.
 */
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import type {
  FederationPolicyAnswer,
  LakegateHttp,
  ScimGroup,
  ScimServicePrincipal,
  ScimUser,
  ServicePrincipalSecret,
} from '@lakegate/client'

/** Somebody who signs in: a user or a service principal. */
export interface TestIdentity {
  readonly id: string
  /** The name of the identity's PostgreSQL role: a user's e-mail address, a service principal's application id. */
  readonly role: string
  /** A workspace token, fresh: for REST, and as the password of a login. */
  workspaceToken(): Promise<string>
  /** REST as this identity. */
  readonly http: LakegateHttp
}

export interface TestUser extends TestIdentity {
  readonly userName: string
}

export interface TestServicePrincipal extends TestIdentity {
  readonly applicationId: string
  /** For `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET` of the program under test. */
  readonly clientId: string
  readonly clientSecret: string
}

export interface TestGroup {
  readonly id: string
  /** The name of the group's PostgreSQL role. */
  readonly role: string
}

const SCIM = '/api/2.0/preview/scim/v2'
const AUDIENCE = 'lakegate-testing'

export async function createUser(
  { admin, tokenOfUser, asIdentity }: IdentityPorts,
  userName: string,
): Promise<TestUser> {
  const { id } = await admin.request<ScimUser>('POST', `${SCIM}/Users`, { userName })
  return { ...asIdentity(() => tokenOfUser(userName)), id, role: userName, userName }
}

export async function createServicePrincipal(
  { admin, tokenOfServicePrincipal, asIdentity }: IdentityPorts,
  displayName: string,
): Promise<TestServicePrincipal> {
  const { id, applicationId } = await admin.request<ScimServicePrincipal>(
    'POST',
    `${SCIM}/ServicePrincipals`,
    { displayName },
  )
  const { secret } = await admin.request<ServicePrincipalSecret>(
    'POST',
    `/api/2.0/accounts/servicePrincipals/${id}/credentials/secrets`,
    {},
  )
  if (secret === undefined) throw new Error('Lakegate did not show the secret that it made.')
  return {
    ...asIdentity(() => tokenOfServicePrincipal(applicationId, secret)),
    id,
    role: applicationId,
    applicationId,
    clientId: applicationId,
    clientSecret: secret,
  }
}

export async function createGroup(
  { admin }: Pick<IdentityPorts, 'admin'>,
  displayName: string,
  members: readonly { readonly id: string }[],
): Promise<TestGroup> {
  const { id } = await admin.request<ScimGroup>('POST', `${SCIM}/Groups`, {
    displayName,
    members: members.map((member) => ({ value: member.id })),
  })
  return { id, role: displayName }
}

/** What identities are made with. */
export interface IdentityPorts {
  readonly admin: LakegateHttp
  readonly tokenOfUser: (userName: string) => Promise<string>
  readonly tokenOfServicePrincipal: (clientId: string, clientSecret: string) => Promise<string>
  readonly asIdentity: (
    workspaceToken: () => Promise<string>,
  ) => Pick<TestIdentity, 'workspaceToken' | 'http'>
}

export function createTokenEndpoint(httpUrl: string): {
  readonly clientCredentials: (clientId: string, clientSecret: string) => Promise<string>
  readonly exchange: (subjectToken: string) => Promise<string>
} {
  const ask = async (parameters: Record<string, string>, authorization?: string): Promise<string> => {
    const response = await fetch(new URL('/oidc/v1/token', httpUrl), {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
      body: new URLSearchParams({ ...parameters, scope: 'all-apis' }),
    })
    const answer = (await response.json()) as {
      readonly access_token?: string
      readonly error_description?: string
    }
    if (answer.access_token === undefined)
      throw new Error(
        `Lakegate gave no token: ${answer.error_description ?? `status ${String(response.status)}`}`,
      )
    return answer.access_token
  }
  return {
    clientCredentials: (clientId, clientSecret) =>
      ask(
        { grant_type: 'client_credentials' },
        `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      ),
    exchange: (subjectToken) =>
      ask({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      }),
  }
}

/**
 * The identity provider of the test: its key is in this process only.
 * @returns a token for the user of that name, to be exchanged
 */
export async function trustOwnProvider(
  admin: LakegateHttp,
  accountId: string,
): Promise<(userName: string) => string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = `https://${randomUUID()}.test`
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' }
  await admin.request<FederationPolicyAnswer>('POST', `/api/2.0/accounts/${accountId}/federationPolicies`, {
    description: 'lakegate/testing',
    oidc_policy: {
      issuer,
      audiences: [AUDIENCE],
      subject_claim: 'sub',
      jwks_json: JSON.stringify({ keys: [key] }),
    },
  })
  return (userName) => signToken(privateKey, issuer, userName)
}

/** RFC 7515, compact serialization. */
function signToken(key: KeyObject, issuer: string, userName: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: AUDIENCE, sub: userName, iat: now, exp: now + 3600 }
  const signed = [{ alg: 'ES256', kid: 'test', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
