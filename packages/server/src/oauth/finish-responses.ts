/**
 * Koa middleware for every response of the OAuth library: sets the headers of pages, sentences for people, and the
 * texts by which clients decide.
 */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { refuse, toHttpRefusal } from '../policy/refusals.ts'
import { pageHeaders } from './pages/headers.ts'
import { messagePage, notFoundPage } from './pages/page.ts'
import { currentVisitor, SLOW_DOWN } from './visitor.ts'

/** Sets the headers of pages, and the sentence by which the CLI knows that it must ask the user to log in again. */
export async function finishResponses(context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  try {
    await next()
  } catch (error) {
    // Too many sign-ins are answered below.
    if (currentVisitor()?.retryAfterSeconds === undefined) explainLostSession(context, error)
  }
  const retryAfterSeconds = currentVisitor()?.retryAfterSeconds
  if (retryAfterSeconds !== undefined) askToComeAgain(context, retryAfterSeconds)
  if (context.status === 404 && (context.body === undefined || context.body === null)) {
    // No route matched; the framework would answer in plain text and without our headers.
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
  // The library cannot store a session that it did not create: a browser without one posted this form.
  if (context.path !== '/device' || !(error instanceof TypeError)) throw error
  context.status = 400
  context.type = 'html'
  context.body = messagePage('Page expired', 'This page is too old, or cookies are off. Open it again.')
}

/** Replaces the library's own answer, which is not meant for people and differs from path to path. */
function askToComeAgain(context: KoaContextWithOIDC, seconds: number): void {
  const refusal = toHttpRefusal(refuse('too_many_begun', { minutes: String(Math.ceil(seconds / 60)) }))
  const problem = refusal?.message ?? 'Try again later.'
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
