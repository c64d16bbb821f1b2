/**
 * The pages of a sign-in: the OAuth library says what it still needs (a user, a consent), and a page asks for that.
 * Posts are accepted only from our own pages.
 */
import { errors } from 'oidc-provider'
import { isOwnPost, orExplain, redirect, send, type Visit } from './pages/answer.ts'
import { grant, showConsent } from './pages/consent.ts'
import { finish, textOf, type InteractionPorts } from './pages/interaction.ts'
import { beginUpstream, finishUpstream } from './pages/outside-provider.ts'
import { notFoundPage } from './pages/page.ts'
import { servePassword } from './pages/password-link.ts'
import { PASSWORD_PATH } from './sign-in-link-url.ts'
import { checkPassword, showSignIn } from './pages/sign-in.ts'
import { SIGN, SIGN_PATH, STYLE, STYLE_PATH } from './pages/style-sheet.ts'

/** @returns false when the path is not one of these pages */
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
  const interaction = await provider.interactionDetails(request, response)
  if (interaction.uid !== uid) throw new errors.SessionNotFound('the page belongs to another sign-in')
  const client = await provider.Client.find(String(interaction.params['client_id']))
  const steps = {
    base: `/oidc/interaction/${uid}`,
    applicationName: client?.clientName ?? client?.clientId ?? 'an application',
    redirectUrl: textOf(interaction.params['redirect_uri']),
  }
  if (request.method === 'GET' && action === undefined) {
    if (interaction.prompt.name === 'login') showSignIn(visit, ports, steps, 200)
    else await showConsent(visit, ports, interaction, steps)
    return
  }
  if (!isOwnPost(visit)) return
  switch (action) {
    case 'sign-in':
      if (interaction.prompt.name === 'login') await checkPassword(visit, ports, steps, interaction)
      else redirect(visit, steps.base)
      return
    case 'upstream':
      await beginUpstream(visit, ports, uid)
      return
    case 'consent':
      if (interaction.prompt.name === 'consent') await finish(visit, await grant(provider, interaction))
      else redirect(visit, steps.base)
      return
    case 'cancel':
      await finish(visit, { error: 'access_denied', error_description: 'The user denied access.' })
      return
    case undefined:
    default:
      send(visit, 404, notFoundPage())
  }
}
