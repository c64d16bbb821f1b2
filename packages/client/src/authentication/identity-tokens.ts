/** Tokens of the identity provider of a platform, which are exchanged for one of the workspace: there is no secret to keep. */
import { readFile } from 'node:fs/promises'
import { LakegateConfigurationError } from '../errors.ts'
import { fetchJson } from '../http.ts'
import type { Network } from './authorization-server.ts'
import type { ResolvedConfiguration } from './configuration.ts'

/** Read anew each time: platforms replace them every few minutes. */
export type IdentityTokenReader = (audience: string, signal: AbortSignal) => Promise<string>

/** A job of GitHub Actions asks its runner; it needs the permission `id-token: write`. */
export function ofGitHub({ surroundings }: ResolvedConfiguration, network: Network): IdentityTokenReader {
  return async (audience, signal) => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } =
      surroundings.environment
    if (!address || !bearer)
      throw new LakegateConfigurationError(
        'GitHub Actions gives this job no identity token: ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set.',
        'Add “permissions: id-token: write” to the job.',
      )
    const url = new URL(address)
    url.searchParams.set('audience', audience)
    const { body } = await fetchJson(
      url,
      { method: 'GET', headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' } },
      { ...network, signal, timeLimitMilliseconds: 30_000 },
    )
    if (typeof body === 'object' && body !== null && 'value' in body && typeof body.value === 'string')
      return body.value
    throw new LakegateConfigurationError(
      'GitHub Actions answered without an identity token.',
      'Run the job again; see status.github.com if that does not help.',
    )
  }
}

export function ofEnvironment({ oidcTokenEnv, surroundings }: ResolvedConfiguration): IdentityTokenReader {
  const variable = oidcTokenEnv ?? 'DATABRICKS_OIDC_TOKEN'
  return async () => {
    const token = surroundings.environment[variable]?.trim()
    if (token) return token
    throw new LakegateConfigurationError(
      `The variable ${variable}, which is to hold the token of the identity provider, is not set.`,
      'Set it, or name another one with DATABRICKS_OIDC_TOKEN_ENV.',
    )
  }
}

/** As Kubernetes projects the token of a service account into a pod. */
export function ofFile({ oidcTokenFilepath }: ResolvedConfiguration): IdentityTokenReader {
  return async () => {
    if (oidcTokenFilepath === undefined)
      throw new LakegateConfigurationError(
        'No file is named that holds the token of the identity provider.',
        'Set DATABRICKS_OIDC_TOKEN_FILEPATH.',
      )
    const token = await readFile(oidcTokenFilepath, 'utf8').catch((cause: unknown) => {
      throw new LakegateConfigurationError(
        `The token of the identity provider cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
        'Check DATABRICKS_OIDC_TOKEN_FILEPATH, and that the volume is mounted and readable.',
      )
    })
    if (token.trim() !== '') return token.trim()
    throw new LakegateConfigurationError(
      `${oidcTokenFilepath} is empty; it is to hold the token of the identity provider.`,
      'Check the volume that holds it.',
    )
  }
}
