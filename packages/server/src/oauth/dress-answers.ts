/** What every answer of the OAuth library goes through: headers of pages, sentences for people, words that clients go by. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { refuse, toHttpRefusal } from '../policy/refusals.ts'
import { pageHeaders } from './pages/headers.ts'
import { messagePage, notFoundPage } from './pages/page.ts'
import { currentVisitor, SLOW_DOWN } from './visitor.ts'

/** Headers for pages, and the sentence by which the CLI knows that it must ask the user to log in again. */
export async function dressAnswers(context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  try {
    await next()
  } catch (error) {
    // Below.
    if (currentVisitor()?.retryAfterSeconds === undefined) explainLostSession(context, error)
  }
  const retryAfterSeconds = currentVisitor()?.retryAfterSeconds
  if (retryAfterSeconds !== undefined) askToComeAgain(context, retryAfterSeconds)
  if (context.status === 404 && (context.body === undefined || context.body === null)) {
    // What no route took; the framework would say so in plain text and without a header.
    context.body = notFoundPage()
    context.status = 404
  }
  if (context.response.is('html') === 'html') context.set(pageHeaders())
  else context.set('x-content-type-options', 'nosniff')
  const body: unknown = context.body
  const isRefresh =
    (context.oidc as KoaContextWithOIDC['oidc'] | undefined)?.params?.['grant_type'] === 'refresh_token'
  if (
    isRefresh &&
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    body.error === 'invalid_grant'
  ) {
    // wire-contract §3.6: exactly this sentence
    context.body = { ...body, error_description: 'Refresh token is invalid' }
  }
}

function explainLostSession(context: KoaContextWithOIDC, error: unknown): void {
  // The library cannot keep a session that it has not begun: a post to this form from a browser without one.
  if (context.path !== '/device' || !(error instanceof TypeError)) throw error
  context.status = 400
  context.type = 'html'
  context.body = messagePage('Page expired', 'This page is too old, or cookies are off. Open it again.')
}

/** In the place of whatever the library makes of it, which is no answer for people, and differs from path to path. */
function askToComeAgain(context: KoaContextWithOIDC, seconds: number): void {
  const refusal = toHttpRefusal(refuse('too_many_begun', { minutes: String(Math.ceil(seconds / 60)) }))
  const problem = refusal?.message ?? 'Come again later.'
  context.response.remove('set-cookie')
  context.response.remove('location')
  context.status = refusal?.status ?? 429
  context.set('retry-after', String(seconds))
  if (context.path !== '/v1/device_authorization' && context.accepts('html', 'json') === 'html') {
    context.type = 'html'
    context.body = messagePage('Too many sign-ins', problem)
    return
  }
  context.type = 'json'
  context.body = { error: SLOW_DOWN, error_description: problem }
}
