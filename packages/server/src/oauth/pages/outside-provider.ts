/** Signing in through an outside OpenID provider: redirects to it, and handles its answer. */
import { errors } from 'oidc-provider'
import { readCookie, setCookie } from '../cookies.ts'
import { showInteraction } from '../interaction-cookies.ts'
import { redirect, send, type Visit } from './answer.ts'
import { finishSignIn, type InteractionPorts } from './interaction.ts'
import { messagePage } from './page.ts'

const UPSTREAM_COOKIE = 'upstream'
const UPSTREAM_SECONDS = 600

export async function beginUpstream(
  visit: Visit,
  { upstream }: InteractionPorts,
  uid: string,
): Promise<void> {
  if (upstream === undefined) {
    send(visit, 404, messagePage('Not found', 'No outside provider is configured.'))
    return
  }
  const { url, state, pending } = await upstream.begin(callbackUrlOf(visit))
  // The provider returns with a link from another site, which must carry this cookie and the interaction's.
  setCookie(visit, {
    name: UPSTREAM_COOKIE,
    value: JSON.stringify({ uid, state, pending }),
    maxAgeSeconds: UPSTREAM_SECONDS,
  })
  redirect(visit, url.href)
}

export async function finishUpstream(visit: Visit, { upstream, clock }: InteractionPorts): Promise<void> {
  const kept = readUpstreamCookie(visit)
  if (upstream === undefined || visit.query.get('state') !== (kept?.state ?? '') || kept === undefined) {
    send(
      visit,
      400,
      messagePage(
        'Sign-in not completed',
        'The sign-in was begun in another browser or too long ago. Begin again.',
      ),
    )
    return
  }
  // The answer may have been obtained in another browser and brought here, to sign somebody in as the attacker or the
  // attacker as somebody (RFC 9700 §4.7). So this must be the browser that has the cookie of the sign-in, and the
  // library must know that sign-in.
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
