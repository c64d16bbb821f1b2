/**
 * Signing in a person (wire-contract §3.6): by the browser, with an authorization code and a proof key (RFC 7636), or with a
 * code that the person enters at any other device (RFC 8628).
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CLI_CLIENT_ID,
  LakegateApiError,
  requestToken,
  type AuthorizationServer,
  type TokenAnswer,
} from '@lakegate/client'
import { commandFailed, EXIT_STATUS } from '../../exit-codes.ts'
import { openBrowser, type Machine } from './browser.ts'
import { listenForCallback } from './callback-listener.ts'
import { createProofKey } from './pkce.ts'

export interface SignIn {
  readonly server: AuthorizationServer
  readonly scopes: readonly string[]
  readonly timeoutMs: number
  /** For the person; `line` is an address or a code that must stay readable. */
  readonly say: (sentence: string, line?: string) => void
  readonly fetch?: typeof fetch
}

const scopeOf = ({ scopes }: SignIn): string => ['offline_access', ...scopes].join(' ')
const networkOf = ({ fetch }: SignIn) => (fetch === undefined ? {} : { network: { fetch } })

/** @param machine whose browser is opened; undefined: the person opens one */
export async function signInByBrowser(signIn: SignIn, machine: Machine | undefined): Promise<TokenAnswer> {
  const state = randomBytes(16).toString('base64url')
  const proof = createProofKey()
  const listener = await listenForCallback(state)
  try {
    const address = authorizationAddress(signIn, { redirectUri: listener.redirectUri, state, proof })
    if (machine !== undefined && (await openBrowser(address, machine)))
      signIn.say('Sign in in the browser. If none opened, open this address:', address)
    else signIn.say('Open this address in a browser on this machine, and sign in there:', address)
    const { code, issuer } = await withinTime(listener.callback, signIn.timeoutMs)
    const { tokenEndpoint } = signIn.server
    if (issuer !== undefined && !tokenEndpoint.startsWith(`${issuer.replace(/\/$/, '')}/`))
      throw commandFailed(
        // RFC 9207 §2.4: a code of another server is not shown to this one.
        `The browser came back from ${issuer}, which is not where it was sent.`,
        'Check the host; if it is right, tell the administrator of it.',
      )
    return await requestToken(
      tokenEndpoint,
      {
        grant_type: 'authorization_code',
        client_id: CLI_CLIENT_ID,
        code,
        redirect_uri: listener.redirectUri,
        code_verifier: proof.verifier,
      },
      networkOf(signIn),
    )
  } finally {
    listener.close()
  }
}

function authorizationAddress(
  signIn: SignIn,
  { redirectUri, state, proof }: { redirectUri: string; state: string; proof: { challenge: string } },
): string {
  const address = new URL(signIn.server.authorizationEndpoint)
  for (const [name, value] of Object.entries({
    client_id: CLI_CLIENT_ID,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: scopeOf(signIn),
    state,
    code_challenge: proof.challenge,
    code_challenge_method: 'S256',
  }))
    address.searchParams.set(name, value)
  return address.href
}

async function withinTime<Result>(waited: Promise<Result>, milliseconds: number): Promise<Result> {
  const over = new AbortController()
  try {
    return await Promise.race([
      waited,
      pause(milliseconds, undefined, { signal: over.signal }).then(() => {
        throw nobodySignedIn()
      }),
    ])
  } finally {
    over.abort()
  }
}

const nobodySignedIn = () =>
  commandFailed(
    'Nobody signed in within the time.',
    'Start the login again, or give it more --timeout.',
    EXIT_STATUS.refused,
  )

interface DeviceAnswer {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete?: string
  readonly expires_in: number
  readonly interval?: number
}

/** @param endpoint of device authorization */
export async function signInByDevice(signIn: SignIn, endpoint: string): Promise<TokenAnswer> {
  const device = await askForDeviceCode(signIn, endpoint)
  signIn.say('On any device with a browser, open this address:', device.verification_uri)
  signIn.say('and enter this code there:', device.user_code)
  const end = performance.now() + Math.min(signIn.timeoutMs, device.expires_in * 1000)
  // RFC 8628 §3.5: five seconds where the server does not say.
  let seconds = device.interval ?? 5
  while (performance.now() < end) {
    await pause(seconds * 1000)
    try {
      return await requestToken(
        signIn.server.tokenEndpoint,
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          client_id: CLI_CLIENT_ID,
          device_code: device.device_code,
        },
        networkOf(signIn),
      )
    } catch (error) {
      if (!(error instanceof LakegateApiError)) throw error
      if (error.errorCode === 'slow_down') seconds += 5
      else if (error.errorCode === 'expired_token') break
      else if (error.errorCode !== 'authorization_pending') throw error
    }
  }
  throw nobodySignedIn()
}

const TIME_LIMIT_MS = 30_000

async function askForDeviceCode(signIn: SignIn, endpoint: string): Promise<DeviceAnswer> {
  const answer = await postForm(signIn, endpoint, { client_id: CLI_CLIENT_ID, scope: scopeOf(signIn) })
  if (isDeviceAnswer(answer)) return answer
  const said = 'error_description' in answer ? String(answer.error_description) : 'it is no device code'
  throw commandFailed(
    `${endpoint} gave no code for a device: ${said}`,
    'Sign in with a browser on this machine, without --no-browser.',
  )
}

const isDeviceAnswer = (answer: object): answer is DeviceAnswer =>
  'device_code' in answer &&
  typeof answer.device_code === 'string' &&
  'user_code' in answer &&
  typeof answer.user_code === 'string' &&
  'verification_uri' in answer &&
  typeof answer.verification_uri === 'string' &&
  'expires_in' in answer &&
  typeof answer.expires_in === 'number'

/** @throws CommandFailure when there is no answer, or one that is no JSON object */
async function postForm(
  signIn: SignIn,
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<object> {
  try {
    const response = await (signIn.fetch ?? fetch)(endpoint, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    })
    const answer: unknown = await response.json()
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch (error) {
    throw commandFailed(
      `${endpoint} gave no answer that can be understood: ${error instanceof Error ? error.message : String(error)}`,
      'Try again, or sign in with a browser on this machine.',
      EXIT_STATUS.unreachable,
    )
  }
}
