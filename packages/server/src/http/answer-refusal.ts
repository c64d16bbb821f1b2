/** Answers with a refusal before any framework has seen the request. */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RefusedError } from '../operations/refused-error.ts'
import type { Refusal } from '../policy/refusals.ts'
import { toHttpError } from './error-body.ts'

export function answerRefusal(
  response: ServerResponse,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { status, body } = toHttpError(new RefusedError(refusal), randomUUID())
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(JSON.stringify(body))
}
