/** One request for a page of the console, and the answers that do not need the app. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Workspace } from '../../domain/workspace.ts'
import { CONSOLE_HEADERS } from './headers.ts'

/** Pages of the server itself, in the language of the sign-in pages. */
export interface ConsolePages {
  notBuilt(): string
  notCompleted(): string
  denied(): string
  signedOut(): string
  notFound(): string
  methodNotAllowed(): string
  unavailable(): string
}

export interface ConsoleVisit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly workspace: Workspace
  readonly publicUrl: string
  readonly pages: ConsolePages
}

type Answerable = Pick<ConsoleVisit, 'request' | 'response'>

export function sendPage(
  { request, response }: Answerable,
  status: number,
  body: string,
  cookies: readonly string[] = [],
): void {
  response.writeHead(status, {
    ...CONSOLE_HEADERS,
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(status === 503 ? { 'retry-after': '2' } : {}),
    ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

export function redirect({ response }: Answerable, location: string, cookies: readonly string[] = []): void {
  response.writeHead(303, {
    ...CONSOLE_HEADERS,
    'cache-control': 'no-store',
    location,
    ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
  })
  response.end()
}
