/**
 * How a page of ours is answered: headers that keep other sites out (attack 33), redirects, and refusals as a sentence.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type Provider } from 'oidc-provider'
import type { Workspace } from '../../domain/workspace.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { toHttpRefusal } from '../../policy/refusals.ts'
import { isFromOurPage } from '../form.ts'
import { pageHeaders } from './headers.ts'
import { messagePage } from './page.ts'

export interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Relative to `/oidc`, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly provider: Provider
  readonly workspace: Workspace
  readonly publicUrl: string
  readonly clientAddress: string
}

/** Shows an error as a sentence with the next step. */
export async function orExplain(visit: Visit, serve: () => Promise<void>): Promise<void> {
  try {
    await serve()
  } catch (error) {
    if (error instanceof errors.SessionNotFound) {
      send(
        visit,
        400,
        messagePage(
          'Sign-in expired',
          'This page is too old, or cookies are off. Begin again in the application.',
        ),
      )
      return
    }
    if (error instanceof RefusedError) {
      const refusal = toHttpRefusal(error.refusal)
      send(
        visit,
        refusal?.status ?? 403,
        messagePage('Not possible', refusal?.message ?? 'This was refused.'),
      )
      return
    }
    throw error
  }
}

/** @returns false when the request is not a post from a page of ours; the error has then been answered (attack 33) */
export function isOwnPost(visit: Visit): boolean {
  if (visit.request.method === 'POST' && isFromOurPage(visit.request, visit.publicUrl)) return true
  send(
    visit,
    403,
    messagePage('Not possible', 'This must be sent from the page itself. Go back and try again.'),
  )
  return false
}

/** @param formTarget where else the answer to a form may lead (CSP form-action also covers redirects) */
export function send(
  { response }: Visit,
  status: number,
  body: string,
  options: { readonly type?: string; readonly formTarget?: string | undefined } = {},
): void {
  response.writeHead(status, {
    ...pageHeaders(options.formTarget),
    'content-type': options.type ?? 'text/html; charset=utf-8',
  })
  response.end(body)
}

export function redirect({ response }: Visit, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store' })
  response.end()
}
