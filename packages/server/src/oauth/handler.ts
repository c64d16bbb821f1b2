/**
 * Everything below `/oidc`: finds the workspace, serves our own pages and endpoints, and passes the rest to the OAuth
 * library. Signing keys are ours; after a rotation the provider is created again, because it reads its keys only at
 * creation.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { JWKS, Provider } from 'oidc-provider'
import type { AccountId, WorkspaceId } from '../domain/ids.ts'
import type { Workspace } from '../domain/workspace.ts'
import { serveAccount, type AccountPorts } from './pages/account.ts'
import type { Visit } from './pages/answer.ts'
import { pageHeaders } from './pages/headers.ts'
import { clientAddressOf } from './client-address.ts'
import { findSignedIn } from './browser-session.ts'
import { DEVICE_PATH, SHOWN_CODE } from './pages/device.ts'
import { carryInteractionCookies } from './interaction-cookies.ts'
import { serveInteraction } from './interactions.ts'
import { readKnownBrowser } from './known-browsers.ts'
import type { InteractionPorts } from './pages/interaction.ts'
import { messagePage } from './pages/page.ts'
import { buildProvider } from './provider.ts'
import type { ProviderDependencies } from './provider-configuration.ts'
import { answerTokenExchange, type ExchangeToken } from './token-exchange.ts'
import { asVisitor } from './visitor.ts'
import { answerTokenQuestion, type TokenQuestionPorts } from './token-questions.ts'
import { OAUTH_PREFIX } from './sign-in-link-url.ts'

export interface OAuthDependencies extends ProviderDependencies {
  /** The current key comes first. */
  readonly privateJwks: () => Promise<{ readonly keys: readonly unknown[] }>
  readonly interactions: InteractionPorts
  readonly account: AccountPorts
  readonly tokenQuestions: TokenQuestionPorts
  readonly exchange: ExchangeToken
  readonly areDeviceCodesClosed: (address: string) => Promise<boolean>
  /** Closes the connection of an answer that cannot be completed, so that it does not look complete. */
  readonly abandonAnswer: (response: ServerResponse) => void
}

export interface OAuthSettings {
  readonly accountId: AccountId
  /** Finds the workspace by the Host header: every workspace has an OAuth server of its own. */
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly publicUrlOf: (workspace: Workspace) => string
  /** Whether an address is a listed proxy, whose X-Forwarded-For is believed. */
  readonly isProxy: (address: string) => boolean
}

/** RFC 8414 §3.1: for an issuer with a path, the discovery prefix comes before that path. */
export const METADATA_PREFIX = '/.well-known/oauth-authorization-server'

/** @returns a handler for everything below the two prefixes */
export function createOAuthHandler(
  dependencies: OAuthDependencies,
  settings: OAuthSettings,
): RequestListener {
  const built = new Map<
    WorkspaceId,
    {
      readonly keys: string
      readonly provider: Provider
      readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
    }
  >()

  const providerOf = async (workspaceId: WorkspaceId, publicUrl: string) => {
    const jwks = await dependencies.privateJwks()
    const keys = JSON.stringify(jwks.keys)
    const known = built.get(workspaceId)
    if (known?.keys === keys) return known
    const provider = buildProvider(
      dependencies,
      { workspaceId, issuer: `${publicUrl}${OAUTH_PREFIX}` },
      jwks as JWKS,
    )
    // Koa answers every request itself, errors included; nothing is left for the caller.
    const made = { keys, provider, handle: provider.callback() }
    built.set(workspaceId, made)
    return made
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const workspace = await settings.workspaceAt(request.headers.host)
    const publicUrl = settings.publicUrlOf(workspace)
    const clientAddress = clientAddressOf(request, settings.isProxy)
    const knownBrowser = readKnownBrowser(
      { request, publicUrl },
      dependencies.interactions.knownBrowsers,
    )?.browser
    await asVisitor({ clientAddress, knownBrowser }, () =>
      serveVisitor(request, response, { workspace, publicUrl, clientAddress }),
    )
  }

  const serveVisitor = async (
    request: IncomingMessage,
    response: ServerResponse,
    where: Pick<Visit, 'workspace' | 'publicUrl' | 'clientAddress'>,
  ): Promise<void> => {
    const { workspace, publicUrl, clientAddress } = where
    const { provider, handle } = await providerOf(workspace.id, publicUrl)
    placeBelowPrefix(request, where, settings.accountId)
    const { pathname: path, searchParams: query } = new URL(`${publicUrl}${request.url ?? '/'}`)
    const visit = { request, response, path, query, provider, ...where }
    carryInteractionCookies(visit, path)
    if (await serveInteraction(visit, dependencies.interactions)) return
    if (await serveAccount(visit, dependencies.account)) return
    const question = { request, response, provider, workspaceId: workspace.id }
    if (await answerTokenQuestion(path, question, dependencies.tokenQuestions)) return
    if (path === DEVICE_PATH && request.method === 'POST') {
      // Device codes are short; a client that tries many is stopped (attack 32).
      if (await dependencies.areDeviceCodesClosed(clientAddress)) {
        response.writeHead(429, { ...pageHeaders(), 'content-type': 'text/html; charset=utf-8' })
        response.end(messagePage('Too many attempts', 'Wait fifteen minutes and try again.'))
        return
      }
    }
    if (path === '/v1/token' && request.method === 'POST') {
      const issuer = `${publicUrl}${OAUTH_PREFIX}`
      const rest = await answerTokenExchange(
        request,
        response,
        { workspace, issuer },
        dependencies.exchange,
        dependencies.log,
      )
      if (rest !== undefined) await handle(rest, response)
      return
    }
    if (path.startsWith('/v1/authorize') || path.startsWith(DEVICE_PATH))
      await findSignedIn(visit, dependencies.findInWorkspace)
    askForConsent(request, path, query)
    showDeviceCode(request, path, query)
    await handle(request, response)
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      dependencies.log.error({ err: error }, 'the OAuth server cannot answer')
      if (response.headersSent) {
        dependencies.abandonAnswer(response)
        return
      }
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '2' })
      response.end(
        JSON.stringify({ error: 'temporarily_unavailable', error_description: 'Retry in a few seconds.' }),
      )
    })
  }
}

/**
 * The provider is mounted below a prefix and builds its URLs from the request. The configured public URL replaces the
 * Host header, which anybody can set (attack 33). Clients of the account style (wire-contract §3.2) reach the same
 * server below `/oidc/accounts/<account id>`.
 */
function placeBelowPrefix(
  request: IncomingMessage & { originalUrl?: string },
  { publicUrl, clientAddress }: Pick<Visit, 'publicUrl' | 'clientAddress'>,
  accountId: AccountId,
): void {
  const { host, protocol } = new URL(publicUrl)
  const asked = request.url ?? OAUTH_PREFIX
  const own = asked.startsWith(METADATA_PREFIX)
    ? '/.well-known/oauth-authorization-server'
    : // Collapsed to one slash: a parser would take what follows two slashes for a host.
      asked.slice(OAUTH_PREFIX.length).replace(/^[/\\]*/, '/')
  const account = `/accounts/${accountId}/`
  request.url = own.startsWith(account) ? own.slice(account.length - 1) : own
  request.originalUrl = `${OAUTH_PREFIX}${request.url}`
  request.headers.host = host
  request.headers['x-forwarded-host'] = host
  request.headers['x-forwarded-proto'] = protocol.slice(0, -1)
  // The library uses it as the address of the client, and shows it to the person who is asked to trust a device.
  request.headers['x-forwarded-for'] = clientAddress
}

/**
 * OpenID Connect Core §11: `offline_access` needs `prompt=consent`, otherwise the library drops it. The CLI and the
 * SDKs ask for it without that prompt (wire-contract §3.6), and here users are asked for consent in any case.
 */
function askForConsent(
  request: IncomingMessage & { originalUrl?: string },
  path: string,
  query: URLSearchParams,
): void {
  const wantsOffline = query.get('scope')?.split(' ').includes('offline_access') === true
  if (path !== '/v1/authorize' || !wantsOffline || query.has('prompt')) return
  query.set('prompt', 'consent')
  request.url = `${path}?${query.toString()}`
  request.originalUrl = `${OAUTH_PREFIX}${request.url}`
}

/**
 * `verification_uri_complete` (RFC 8628 §3.3.1): the form is filled with the code, and a person still has to submit it.
 */
function showDeviceCode(
  request: IncomingMessage & { originalUrl?: string },
  path: string,
  query: URLSearchParams,
): void {
  const code = query.get('user_code')
  if (path !== DEVICE_PATH || request.method !== 'GET' || code === null) return
  request.url = `${path}?${new URLSearchParams({ [SHOWN_CODE]: code }).toString()}`
  request.originalUrl = `${OAUTH_PREFIX}${request.url}`
}
