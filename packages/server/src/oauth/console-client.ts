/**
 * The web console as a client of our own OAuth server: authorization code with PKCE, state and nonce (RFC 6749 §4.1,
 * RFC 7636), no consent, and tokens that end with the session of the sign-in pages. It calls the token endpoint as
 * every client does, but over a connection inside the process, so addresses, certificates and the rule about plain HTTP
 * do not matter.
 */
import { createServer, request as sendRequest, type RequestListener } from 'node:http'
import { duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import * as openid from 'openid-client'
import type { Workspace } from '../domain/workspace.ts'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import { parseIdentityId } from '../domain/ids.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { ConsoleSignIn, ConsoleTokens } from '../operations/ports/console-sessions.ts'
import { SIGNATURE_ALGORITHM } from '../tokens/claims.ts'
import { CONSOLE_CLIENT, CONSOLE_SCOPES } from './clients.ts'

export const CONSOLE_CALLBACK_PATH = '/console/callback'

export interface ConsoleClientPorts {
  /** The request handler of the OAuth server, as it is mounted. */
  readonly handle: RequestListener
  readonly publicUrlOf: (workspace: Workspace) => string
  readonly clientSecret: Redacted<string>
  /** To which session of the sign-in pages a refresh token belongs. */
  readonly findOrigin: (
    workspace: Workspace,
    refreshToken: Redacted<string>,
  ) => Promise<{ readonly browserSessionUid: string; readonly signedInOutside: boolean } | undefined>
  readonly seal: (text: string) => string
  readonly unseal: (text: string) => string | undefined
  readonly clock: Clock
}

/** What the browser keeps, encrypted, between leaving for the sign-in pages and coming back. */
interface Pending {
  readonly verifier: string
  readonly nonce: string
  readonly state: string
  readonly destination: string
}

export interface ConsoleClient {
  begin(
    workspace: Workspace,
    destination: string,
  ): Promise<{ readonly location: string; readonly state: string; readonly pending: string }>
  /** @returns undefined when the sign-in was not begun in this browser, or the OAuth server refused it */
  finish(
    workspace: Workspace,
    answer: { readonly query: URLSearchParams; readonly pending: string },
  ): Promise<{ readonly signIn: ConsoleSignIn; readonly destination: string } | undefined>
  /**
   * @returns undefined when the OAuth server refuses, which will not change. @throws Fault when it cannot answer now
   */
  renew(workspace: Workspace, refreshToken: Redacted<string>): Promise<ConsoleTokens | undefined>
}

export function createConsoleClient(ports: ConsoleClientPorts): ConsoleClient {
  const configurations = new Map<string, openid.Configuration>()
  const inProcess = createInProcessFetch(ports.handle)

  const configurationOf = (workspace: Workspace): openid.Configuration => {
    const publicUrl = ports.publicUrlOf(workspace)
    const known = configurations.get(publicUrl)
    if (known !== undefined) return known
    const issuer = `${publicUrl}/oidc`
    const made = new openid.Configuration(
      {
        issuer,
        authorization_endpoint: `${issuer}/v1/authorize`,
        token_endpoint: `${issuer}/v1/token`,
        jwks_uri: `${issuer}/v1/keys`,
      },
      CONSOLE_CLIENT,
      { id_token_signed_response_alg: SIGNATURE_ALGORITHM },
      openid.ClientSecretPost(ports.clientSecret.reveal()),
    )
    made[openid.customFetch] = inProcess
    // Deprecated to make it stand out: nothing is sent in clear, because nothing is sent.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    openid.allowInsecureRequests(made)
    configurations.set(publicUrl, made)
    return made
  }

  const toTokens = (answer: openid.TokenEndpointResponse): ConsoleTokens => ({
    accessToken: new Redacted(answer.access_token),
    accessTokenExpiresAt: new Date(ports.clock().getTime() + (answer.expires_in ?? 0) * 1000),
  })

  return {
    async begin(workspace, destination) {
      const pending: Pending = {
        verifier: openid.randomPKCECodeVerifier(),
        nonce: openid.randomNonce(),
        state: openid.randomState(),
        destination,
      }
      const url = openid.buildAuthorizationUrl(configurationOf(workspace), {
        redirect_uri: `${ports.publicUrlOf(workspace)}${CONSOLE_CALLBACK_PATH}`,
        scope: CONSOLE_SCOPES.join(' '),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return {
        location: `${url.pathname}${url.search}`,
        state: pending.state,
        pending: ports.seal(JSON.stringify(pending)),
      }
    },

    async finish(workspace, { query, pending: sealed }) {
      const pending = readPending(ports.unseal(sealed))
      if (pending === undefined) return undefined
      const currentUrl = new URL(`${ports.publicUrlOf(workspace)}${CONSOLE_CALLBACK_PATH}`)
      currentUrl.search = query.toString()
      const answer = await orUndefinedWhenRefused(() =>
        openid.authorizationCodeGrant(configurationOf(workspace), currentUrl, {
          pkceCodeVerifier: pending.verifier,
          expectedNonce: pending.nonce,
          expectedState: pending.state,
          idTokenExpected: true,
        }),
      )
      const identityId = parseIdentityId(answer?.claims()?.sub ?? '')
      if (answer?.refresh_token === undefined || identityId === undefined) return undefined
      const refreshToken = new Redacted(answer.refresh_token)
      const origin = await ports.findOrigin(workspace, refreshToken)
      if (origin === undefined) return undefined
      return {
        signIn: { ...toTokens(answer), ...origin, refreshToken, identityId },
        destination: pending.destination,
      }
    },

    async renew(workspace, refreshToken) {
      const answer = await orUndefinedWhenRefused(() =>
        openid.refreshTokenGrant(configurationOf(workspace), refreshToken.reveal()),
      )
      return answer === undefined ? undefined : toTokens(answer)
    },
  }
}

/**
 * @returns undefined when the OAuth server refuses
 * @throws Fault for every other error
 */
async function orUndefinedWhenRefused<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (cause) {
    if (cause instanceof openid.AuthorizationResponseError) return undefined
    if (cause instanceof openid.ResponseBodyError && cause.status < 500) return undefined
    // An answer of the callback that does not match the request: another state or nonce.
    if (cause instanceof openid.ClientError && isAboutTheAnswer(cause)) return undefined
    throw new Fault({
      code: 'own_oauth_server_unavailable',
      origin: 'store',
      message: 'The OAuth server did not answer the console.',
      retryable: true,
      cause,
    })
  }
}

const isAboutTheAnswer = ({ code }: openid.ClientError): boolean =>
  [
    'OAUTH_INVALID_RESPONSE',
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
    'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  ].includes(code ?? '')

function readPending(text: string | undefined): Pending | undefined {
  if (text === undefined) return undefined
  const value = JSON.parse(text) as Partial<Pending>
  const { verifier, nonce, state, destination } = value
  return typeof verifier === 'string' &&
    typeof nonce === 'string' &&
    typeof state === 'string' &&
    typeof destination === 'string'
    ? { verifier, nonce, state, destination }
    : undefined
}

/** A `fetch` for one server in this process: ordinary HTTP, over a pair of streams instead of a socket. */
function createInProcessFetch(handle: RequestListener): openid.CustomFetch {
  const server = createServer(handle)
  return (url, { method, headers, body }) =>
    new Promise<Response>((resolve, reject) => {
      const { host, pathname, search } = new URL(url)
      const text = body === undefined || body === null ? undefined : bodyText(body)
      const outgoing = sendRequest(
        {
          method,
          path: `${pathname}${search}`,
          headers: { ...headers, host, connection: 'close' },
          createConnection() {
            const [ours, theirs] = duplexPair()
            server.emit('connection', theirs)
            return ours
          },
        },
        (incoming) => {
          buffer(incoming).then((received) => {
            resolve(
              new Response(received, {
                status: incoming.statusCode ?? 500,
                headers: { 'content-type': incoming.headers['content-type'] ?? '' },
              }),
            )
          }, reject)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(text)
    })
}

function bodyText(body: openid.FetchBody): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('the OAuth client sends forms only')
}
