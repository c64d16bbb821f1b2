/** `databricks auth login` step by step, with openid-client as the strict relying party in the place of the CLI. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import * as client from 'openid-client'
import type { Lakegate } from './lakegate.ts'
import { signInAndAllow, Visitor, type Person } from './person.ts'

/** openid-client writes an address without a path with a slash at its end; the CLI does not. */
const REDIRECT = 'http://localhost:8020/'
export const CLI_SCOPE = 'offline_access all-apis'

/** @param lakegate the one to log in to */
export async function prepareCliLogin({ ready }: Pick<Lakegate, 'ready'>) {
  const issuer = new URL(`${ready.http_url}/oidc`)

  const discover = (clientId: string, secret?: string) =>
    client.discovery(
      issuer,
      clientId,
      secret,
      secret === undefined ? client.None() : client.ClientSecretBasic(secret),
      {
        // Deprecated to make it stand out; these tests talk to a loopback address.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        execute: [client.allowInsecureRequests],
        algorithm: 'oidc',
      },
    )

  /** An authorization request of the CLI, and what the CLI must remember of it. */
  async function authorizationRequest(changes: Readonly<Record<string, string | undefined>> = {}) {
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const parameters: Record<string, string | undefined> = {
      redirect_uri: REDIRECT,
      scope: CLI_SCOPE,
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...changes,
    }
    const url = client.buildAuthorizationUrl(
      cli,
      Object.fromEntries(
        Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    )
    return { url, verifier, state }
  }

  /** One exchange from an address of the tester's choice, which `fetch` does not offer. */
  async function exchangeFrom(
    localAddress: string,
    path: string,
    post?: { readonly cookie: string; readonly form: Record<string, string> },
  ) {
    const asked = request(`${ready.http_url}${path}`, {
      localAddress,
      method: post === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        ...(post === undefined
          ? {}
          : { cookie: post.cookie, 'content-type': 'application/x-www-form-urlencoded' }),
      },
    })
    asked.end(post === undefined ? undefined : new URLSearchParams(post.form).toString())
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return {
      status: answer.statusCode,
      location: answer.headers.location,
      text: await text(answer),
      cookies: (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; '),
    }
  }

  /** The whole way of `databricks auth login`. */
  async function login(person: Person, scope = CLI_SCOPE, visitor = new Visitor()) {
    const { url, verifier, state } = await authorizationRequest({ scope })
    const back = await signInAndAllow(visitor, url, person)
    return client.authorizationCodeGrant(cli, back, { pkceCodeVerifier: verifier, expectedState: state })
  }

  /** What the token endpoint says to a request that must fail. */
  async function tokenError(parameters: Record<string, string>) {
    const response = await fetch(`${issuer.href}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'databricks-cli', ...parameters }),
    })
    return {
      status: response.status,
      ...((await response.json()) as { error?: string; error_description?: string }),
    }
  }

  const cli = await discover('databricks-cli')
  return { issuer, cli, discover, authorizationRequest, login, tokenError, exchangeFrom }
}
