/**
 * What people see while they sign in: the OAuth library says what it still needs (a user, a consent), these pages ask
 * for it. The library's interaction cookie ties every page to the browser that began; posts come from our own pages.
 */
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import { Redacted } from '../domain/redacted.ts'
import type { Principal } from '../domain/identity.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { Workspace } from '../domain/workspace.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { toHttpRefusal } from '../policy/refusals.ts'
import { isOwnPost, orExplain, redirect, send, type Visit } from './answer-page.ts'
import { signInBrowser } from './browser-session.ts'
import { readCookie, setCookie } from './cookies.ts'
import { readForm } from './form.ts'
import { showInteraction } from './interaction-cookies.ts'
import { recogniseBrowser, rememberBrowser, type KnownBrowserPorts } from './known-browsers.ts'
import { consentPage, messagePage, passwordPage, signInPage } from './pages.ts'
import { SIGN, SIGN_PATH, STYLE, STYLE_PATH } from './style-sheet.ts'

export interface InteractionPorts {
  readonly signIn: (request: {
    readonly userName: string
    readonly password: Redacted<string>
    readonly clientAddress: string
    readonly workspaceId: Workspace['id']
    readonly knownBrowser: string | undefined
  }) => Promise<Principal>
  readonly knownBrowsers: KnownBrowserPorts
  readonly findPrincipal: (id: IdentityId) => Promise<Principal | undefined>
  readonly findLink: (
    token: string,
  ) => Promise<{ readonly id: IdentityId; readonly name: string } | undefined>
  readonly setPassword: (token: string, password: Redacted<string>) => Promise<{ readonly name: string }>
  /** Whoever has just set a password by a link, if it may sign in here; recorded as a sign-in. */
  readonly signInByLink: (userId: IdentityId, where: SignInPlace) => Promise<Principal | undefined>
  readonly upstream: UpstreamSignIn | undefined
  readonly clock: () => Date
}

export interface SignInPlace {
  readonly workspaceId: Workspace['id']
  readonly clientAddress: string
}

/** Signing in through an outside OpenID provider. */
export interface UpstreamSignIn {
  readonly name: string
  /** Where to send the browser, and what to keep until it comes back. */
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

/** Under which the gateway for links of invitation is; also used to print them. */
const PASSWORD_PATH = '/password'
const CONSOLE_SIGN_IN = '/console/sign-in'
const UPSTREAM_COOKIE = 'upstream'
const UPSTREAM_SECONDS = 600

/** @returns false when the path is none of these pages */
export async function serveInteraction(visit: Visit, ports: InteractionPorts): Promise<boolean> {
  const { path, request } = visit
  if (path === STYLE_PATH && request.method === 'GET') {
    send(visit, 200, STYLE, { type: 'text/css; charset=utf-8' })
    return true
  }
  if (path === SIGN_PATH && request.method === 'GET') {
    send(visit, 200, SIGN, { type: 'image/svg+xml' })
    return true
  }
  const [, first, second, third] = path.split('/')
  if (first === 'interaction' && second !== undefined) {
    await orExplain(visit, () => serveStep(visit, ports, second, third))
    return true
  }
  if (`/${first ?? ''}` === PASSWORD_PATH && second !== undefined) {
    await orExplain(visit, () => servePassword(visit, ports, second))
    return true
  }
  if (first === 'upstream' && second === 'callback') {
    await orExplain(visit, () => finishUpstream(visit, ports))
    return true
  }
  return false
}

async function serveStep(
  visit: Visit,
  ports: InteractionPorts,
  uid: string,
  action: string | undefined,
): Promise<void> {
  const { provider, request, response } = visit
  const details = await provider.interactionDetails(request, response)
  if (details.uid !== uid) throw new errors.SessionNotFound('the page belongs to another sign-in')
  const client = await provider.Client.find(String(details.params['client_id']))
  const steps = {
    base: `/oidc/interaction/${uid}`,
    applicationName: client?.clientName ?? client?.clientId ?? 'an application',
    redirectUrl: text(details.params['redirect_uri']),
  }
  if (request.method === 'GET' && action === undefined) {
    await showStep(visit, ports, details, steps)
    return
  }
  if (!isOwnPost(visit)) return
  switch (action) {
    case 'sign-in':
      if (details.prompt.name === 'login') await checkPassword(visit, ports, steps, details)
      else redirect(visit, steps.base)
      return
    case 'upstream':
      await beginUpstream(visit, ports, uid)
      return
    case 'consent':
      if (details.prompt.name === 'consent') await finish(visit, await grant(provider, details))
      else redirect(visit, steps.base)
      return
    case 'cancel':
      await finish(visit, { error: 'access_denied', error_description: 'The user denied access.' })
      return
    case undefined:
    default:
      send(visit, 404, messagePage('Not found', 'There is no such page.'))
  }
}

interface Steps {
  readonly base: string
  readonly applicationName: string
  readonly redirectUrl: string | undefined
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

async function showStep(
  visit: Visit,
  ports: InteractionPorts,
  details: Details,
  steps: Steps,
): Promise<void> {
  if (details.prompt.name === 'login') {
    showSignIn(visit, ports, steps, 200)
    return
  }
  const principal = await ports.findPrincipal((details.session?.accountId ?? '') as IdentityId)
  if (principal === undefined) {
    await finish(visit, { error: 'access_denied', error_description: 'The user is deactivated or deleted.' })
    return
  }
  const missing = details.prompt.details as MissingScopes
  const scopes = [
    ...Object.values(missing.missingResourceScopes ?? {}).flat(),
    ...(missing.missingOIDCScope ?? []),
  ]
  // A native application is asked about every time; what was granted before is asked for again.
  const asked = scopes.length > 0 ? scopes : (text(details.params['scope']) ?? '').split(' ').filter(Boolean)
  send(
    visit,
    200,
    consentPage({
      action: `${steps.base}/consent`,
      cancelAction: `${steps.base}/cancel`,
      applicationName: steps.applicationName,
      redirectHost: steps.redirectUrl === undefined ? 'a device' : new URL(steps.redirectUrl).host,
      userName: principal.name,
      scopes: [...new Set(asked)],
    }),
    { formTarget: steps.redirectUrl },
  )
}

function showSignIn(
  visit: Visit,
  ports: InteractionPorts,
  steps: Steps,
  status: number,
  again: { readonly userName?: string; readonly problem?: string } = {},
): void {
  send(
    visit,
    status,
    signInPage({
      action: `${steps.base}/sign-in`,
      workspaceName: visit.workspace.name,
      applicationName: steps.applicationName,
      upstream:
        ports.upstream === undefined
          ? undefined
          : { name: ports.upstream.name, action: `${steps.base}/upstream` },
      ...again,
    }),
    { formTarget: steps.redirectUrl },
  )
}

async function checkPassword(
  visit: Visit,
  ports: InteractionPorts,
  steps: Steps,
  details: Details,
): Promise<void> {
  const form = await readForm(visit.request)
  const userName = form?.get('user_name') ?? ''
  try {
    const principal = await ports.signIn({
      userName,
      password: new Redacted(form?.get('password') ?? ''),
      clientAddress: visit.clientAddress,
      workspaceId: visit.workspace.id,
      knownBrowser: recogniseBrowser(visit, userName, ports.knownBrowsers),
    })
    rememberBrowser(visit, principal.name, ports.knownBrowsers)
    await finishSignIn(visit, details, { accountId: principal.id, amr: ['pwd'] }, ports.clock())
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const refusal = toHttpRefusal(error.refusal)
    showSignIn(visit, ports, steps, refusal?.status ?? 401, {
      userName,
      problem: refusal?.message ?? 'Sign-in is not possible.',
    })
  }
}

interface MissingScopes {
  readonly missingOIDCScope?: readonly string[]
  readonly missingOIDCClaims?: readonly string[]
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
}

/** What was asked for and shown is what is granted; nothing else. */
async function grant(provider: Provider, details: Details): Promise<InteractionResults> {
  const { grantId, params, session } = details
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const given =
    known ??
    new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) })
  const missing = details.prompt.details as MissingScopes
  if (missing.missingOIDCScope !== undefined) given.addOIDCScope(missing.missingOIDCScope.join(' '))
  if (missing.missingOIDCClaims !== undefined) given.addOIDCClaims([...missing.missingOIDCClaims])
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    given.addResourceScope(resource, scopes.join(' '))
  return { consent: { grantId: await given.save() } }
}

async function servePassword(visit: Visit, ports: InteractionPorts, token: string): Promise<void> {
  const action = `/oidc${PASSWORD_PATH}/${encodeURIComponent(token)}`
  const user = await ports.findLink(token)
  if (user === undefined) {
    send(
      visit,
      404,
      messagePage(
        'Link not valid',
        'It was used already, has expired or was replaced. Ask an administrator for a new one.',
      ),
    )
    return
  }
  if (visit.request.method === 'GET') {
    send(visit, 200, passwordPage({ action, userName: user.name }))
    return
  }
  if (!isOwnPost(visit)) return
  const form = await readForm(visit.request)
  const password = form?.get('password') ?? ''
  const again = (problem: string) => {
    send(visit, 400, passwordPage({ action, userName: user.name, problem }))
  }
  if (password !== form?.get('repetition')) {
    again('The two passwords differ.')
    return
  }
  try {
    await ports.setPassword(token, new Redacted(password))
  } catch (error) {
    if (!(error instanceof RefusedError) || error.refusal.name !== 'password_unsuitable') throw error
    again(toHttpRefusal(error.refusal)?.message ?? 'The password is not suitable.')
    return
  }
  rememberBrowser(visit, user.name, ports.knownBrowsers)
  const place = { workspaceId: visit.workspace.id, clientAddress: visit.clientAddress }
  const signedIn = await ports.signInByLink(user.id, place)
  if (signedIn === undefined) {
    send(
      visit,
      200,
      messagePage('Password set', `${user.name} is not in the workspace ${visit.workspace.name}.`),
    )
    return
  }
  // The link was as good a proof as the password that it set: nobody types that again.
  await signInBrowser(visit, signedIn.id)
  redirect(visit, CONSOLE_SIGN_IN)
}

async function beginUpstream(visit: Visit, { upstream }: InteractionPorts, uid: string): Promise<void> {
  if (upstream === undefined) {
    send(visit, 404, messagePage('Not found', 'No outside provider is configured.'))
    return
  }
  const { url, state, pending } = await upstream.begin(callbackUrlOf(visit))
  // The provider leads back by a link, with this cookie and that of the interaction.
  setCookie(visit, {
    name: UPSTREAM_COOKIE,
    value: JSON.stringify({ uid, state, pending }),
    maxAgeSeconds: UPSTREAM_SECONDS,
  })
  redirect(visit, url.href)
}

async function finishUpstream(visit: Visit, { upstream, clock }: InteractionPorts): Promise<void> {
  const kept = readUpstreamCookie(visit)
  if (upstream === undefined || visit.query.get('state') !== (kept?.state ?? '') || kept === undefined) {
    send(
      visit,
      400,
      messagePage('Sign-in not completed', 'It was begun in another browser or too long ago. Begin again.'),
    )
    return
  }
  // Who began in another browser may have brought the answer here, to sign somebody in as himself, or himself as somebody
  // (RFC 9700 §4.7): this is the browser that has the cookie of the sign-in, and the library knows it.
  showInteraction(visit, kept.uid)
  const interaction = await visit.provider.interactionDetails(visit.request, visit.response)
  if (interaction.uid !== kept.uid) throw new errors.SessionNotFound('the answer belongs to another sign-in')
  const callbackUrl = callbackUrlOf(visit)
  const currentUrl = new URL(callbackUrl)
  currentUrl.search = visit.query.toString()
  const principal = await upstream.finish({
    currentUrl,
    callbackUrl,
    pending: kept.pending,
    workspaceId: visit.workspace.id,
    clientAddress: visit.clientAddress,
  })
  await finishSignIn(visit, interaction, { accountId: principal.id, amr: ['fed'] }, clock())
}

/** The library goes on from here: with a new session identifier, whatever was there before (attack 33). */
async function finishSignIn(
  visit: Visit,
  interaction: Details,
  login: { readonly accountId: string; readonly amr: string[] },
  now: Date,
): Promise<void> {
  const { session } = interaction
  if (session?.accountId !== undefined && session.accountId !== login.accountId) {
    // Somebody else's, in the same browser: it ends. The library would ask with a page that needs a script.
    await (await visit.provider.Session.findByUid(session.uid))?.destroy()
    interaction.session = undefined
  }
  interaction.result = { login }
  await interaction.save(interaction.exp - Math.floor(now.getTime() / 1000))
  redirect(visit, interaction.returnTo)
}

function readUpstreamCookie(
  visit: Visit,
): { readonly uid: string; readonly state: string; readonly pending: string } | undefined {
  const cookie = readCookie(visit, UPSTREAM_COOKIE)
  if (cookie === undefined) return undefined
  try {
    const value: unknown = JSON.parse(cookie)
    if (typeof value !== 'object' || value === null) return undefined
    const { uid, state, pending } = value as Record<string, unknown>
    return typeof uid === 'string' && typeof state === 'string' && typeof pending === 'string'
      ? { uid, state, pending }
      : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const callbackUrlOf = ({ publicUrl }: Visit): string => `${publicUrl}/oidc/upstream/callback`

async function finish({ provider, request, response }: Visit, result: InteractionResults): Promise<void> {
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
