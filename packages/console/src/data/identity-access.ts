/** Credentials of identities: sign-in links and sessions of users, secrets and federation of service principals. */
import type {
  FederationPolicyAnswer,
  ListServicePrincipalSecretsResponse,
  ServicePrincipalSecret,
  SignInLinkAnswer,
  SignInSessionAnswer,
} from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { queryClient } from './query-client.ts'

const userPath = (id: string) => `/2.0/lakegate/users/${encodeURIComponent(id)}`

export const createSignInLink = (userId: string): Promise<SignInLinkAnswer> =>
  send('POST', `${userPath(userId)}/sign-in-link`, {})

export const signInSessionsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['sign-in-sessions', userId],
    queryFn: async ({ signal }) =>
      (await get<{ sessions: SignInSessionAnswer[] }>(`${userPath(userId)}/sessions`, {}, signal)).sessions,
  })

export async function endSignInSession(userId: string, sessionId: string): Promise<void> {
  await send('DELETE', `${userPath(userId)}/sessions/${encodeURIComponent(sessionId)}`)
  await queryClient.invalidateQueries({ queryKey: ['sign-in-sessions', userId] })
}

const secretsPath = (principalId: string) =>
  `/2.0/accounts/servicePrincipals/${encodeURIComponent(principalId)}/credentials/secrets`

export const secretsQuery = (principalId: string) =>
  queryOptions({
    queryKey: ['secrets', principalId],
    queryFn: async ({ signal }) =>
      (await get<ListServicePrincipalSecretsResponse>(secretsPath(principalId), {}, signal)).secrets,
  })

const DAY_SECONDS = 24 * 60 * 60

/** Only this answer contains the secret itself. */
export async function createSecret(
  principalId: string,
  lifetimeDays: number,
): Promise<ServicePrincipalSecret> {
  const lifetime = `${String(lifetimeDays * DAY_SECONDS)}s`
  const created = await send<ServicePrincipalSecret>('POST', secretsPath(principalId), { lifetime })
  await queryClient.invalidateQueries({ queryKey: ['secrets', principalId] })
  return created
}

export async function deleteSecret(principalId: string, secretId: string): Promise<void> {
  await send('DELETE', `${secretsPath(principalId)}/${encodeURIComponent(secretId)}`)
  await queryClient.invalidateQueries({ queryKey: ['secrets', principalId] })
}

/** For a service principal, or for the whole account when none is named. */
const policiesPath = (accountId: string, principalId: string | undefined) =>
  `/2.0/accounts/${encodeURIComponent(accountId)}${
    principalId === undefined ? '' : `/servicePrincipals/${encodeURIComponent(principalId)}`
  }/federationPolicies`

export const federationPoliciesQuery = (accountId: string, principalId?: string) =>
  queryOptions({
    queryKey: ['federation', principalId ?? 'account'],
    queryFn: async ({ signal }) =>
      (await get<{ policies?: FederationPolicyAnswer[] }>(policiesPath(accountId, principalId), {}, signal))
        .policies ?? [],
  })

export interface OidcPolicy {
  readonly issuer: string
  readonly audiences?: readonly string[]
  readonly subject?: string
}

export async function createFederationPolicy(
  accountId: string,
  principalId: string | undefined,
  policy: OidcPolicy,
): Promise<void> {
  await send('POST', policiesPath(accountId, principalId), { oidc_policy: policy })
  await queryClient.invalidateQueries({ queryKey: ['federation', principalId ?? 'account'] })
}

export async function deleteFederationPolicy(
  accountId: string,
  principalId: string | undefined,
  policyId: string,
): Promise<void> {
  await send('DELETE', `${policiesPath(accountId, principalId)}/${encodeURIComponent(policyId)}`)
  await queryClient.invalidateQueries({ queryKey: ['federation', principalId ?? 'account'] })
}
