/**
 * Signing in through an outside OpenID Connect provider (Entra, Okta, Google, Keycloak …): the provider vouches for an
 * e-mail address, and the directory decides whether that is a user here. Signing in never creates a user.
 */
import * as openid from 'openid-client'
import type { Principal } from '../domain/identity.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { Workspace } from '../domain/workspace.ts'
import { refused, RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'

/** Signing in through an outside OpenID provider. */
export interface UpstreamSignIn {
  readonly name: string
  /** Returns where to send the browser, and what to keep until it comes back. */
  begin(callbackUrl: string): Promise<{ readonly url: URL; readonly state: string; readonly pending: string }>
  /** @returns the user that the provider vouches for. @throws RefusedError upstream_refused, sign_in_failed */
  finish(request: {
    readonly currentUrl: URL
    readonly callbackUrl: string
    readonly pending: string
    readonly workspaceId: Workspace['id']
    readonly clientAddress: string
  }): Promise<Principal>
}

export interface UpstreamSettings {
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Redacted<string>
  /** The claim that holds the user name; for `email`, only verified addresses are accepted. */
  readonly userNameClaim: string
  /** Allows plain HTTP, for a provider with a private address (setting `private-identity-providers`). */
  readonly allowPlainHttp: boolean
}

export interface UpstreamPorts {
  /** Finds the active user of that name, if it is in the workspace. */
  readonly findUser: (userName: string, workspaceId: string) => Promise<Principal | undefined>
  readonly record: (entry: {
    readonly outcome: 'admitted' | 'refused'
    readonly reason?: string
    readonly principal?: Principal
    readonly userName?: string
    readonly clientAddress: string
  }) => void
  /** Encrypts what the browser keeps between leaving and coming back. */
  readonly seal: (text: string) => string
  readonly unseal: (text: string) => string | undefined
}

interface Pending {
  readonly verifier: string
  readonly nonce: string
  readonly state: string
}

export function createUpstreamSignIn(settings: UpstreamSettings, ports: UpstreamPorts): UpstreamSignIn {
  let discovered: Promise<openid.Configuration> | undefined
  const configuration = (): Promise<openid.Configuration> => {
    discovered ??= openid
      .discovery(
        new URL(settings.issuer),
        settings.clientId,
        undefined,
        openid.ClientSecretBasic(settings.clientSecret.reveal()),
        // Marked deprecated only as a warning; used only when the operator allows it, for providers on the own network.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        settings.allowPlainHttp ? { execute: [openid.allowInsecureRequests] } : {},
      )
      .catch((error: unknown) => {
        // The next sign-in tries the discovery again.
        discovered = undefined
        throw error
      })
    return discovered
  }

  return {
    name: settings.name,

    async begin(callbackUrl) {
      const pending: Pending = {
        verifier: openid.randomPKCECodeVerifier(),
        nonce: openid.randomNonce(),
        state: openid.randomState(),
      }
      const url = openid.buildAuthorizationUrl(await reach(configuration), {
        redirect_uri: callbackUrl,
        scope: 'openid email profile',
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return { url, state: pending.state, pending: ports.seal(JSON.stringify(pending)) }
    },

    async finish({ currentUrl, pending: sealed, workspaceId, clientAddress }) {
      const refusedBecause = (reason: string, userName?: string): RefusedError => {
        ports.record({
          outcome: 'refused',
          reason,
          clientAddress,
          ...(userName === undefined ? {} : { userName }),
        })
        return refused('upstream_refused', { provider: settings.name, reason })
      }
      const pending = readPending(ports.unseal(sealed))
      if (pending === undefined) throw refusedBecause('the sign-in was begun too long ago')
      const claims = await readClaims(await reach(configuration), currentUrl, pending).catch(
        (error: unknown) => {
          if (error instanceof openid.ClientError || error instanceof openid.AuthorizationResponseError)
            return undefined
          if (error instanceof openid.ResponseBodyError) return undefined
          throw error
        },
      )
      if (claims === undefined) throw refusedBecause('the provider did not confirm it')
      const userName = claims[settings.userNameClaim]
      if (typeof userName !== 'string' || userName === '')
        throw refusedBecause(`the provider names no ${settings.userNameClaim}`)
      // Anybody may have entered an address that nobody has verified.
      if (settings.userNameClaim === 'email' && claims['email_verified'] !== true)
        throw refusedBecause('the provider has not verified the e-mail address', userName)
      const principal = await ports.findUser(userName, workspaceId)
      if (principal === undefined) throw refusedBecause('there is no such user in this workspace', userName)
      ports.record({ outcome: 'admitted', principal, clientAddress })
      return principal
    },
  }
}

async function readClaims(
  configuration: openid.Configuration,
  currentUrl: URL,
  pending: Pending,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const tokens = await openid.authorizationCodeGrant(configuration, currentUrl, {
    pkceCodeVerifier: pending.verifier,
    expectedNonce: pending.nonce,
    expectedState: pending.state,
    idTokenExpected: true,
  })
  return tokens.claims()
}

async function reach(configuration: () => Promise<openid.Configuration>): Promise<openid.Configuration> {
  try {
    return await configuration()
  } catch (cause) {
    throw new RefusedError(
      refuse('upstream_refused', { provider: 'The outside provider', reason: 'it cannot be reached' }),
      { cause },
    )
  }
}

function readPending(text: string | undefined): Pending | undefined {
  if (text === undefined) return undefined
  const value = JSON.parse(text) as Partial<Pending>
  const { verifier, nonce, state } = value
  return typeof verifier === 'string' && typeof nonce === 'string' && typeof state === 'string'
    ? { verifier, nonce, state }
    : undefined
}
