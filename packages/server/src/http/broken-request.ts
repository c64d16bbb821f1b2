/**
 * The last answer to a client that sends something other than a request, or takes too long; the connection is closed
 * after it.
 */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { refused } from '../operations/refused-error.ts'
import { toHttpError } from './error-body.ts'

/** By the error codes of Node's parser and of its timeouts. */
const BROKEN: Readonly<Record<string, readonly [status: number, problem: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers: they are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'body: the extensions of its chunks are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long to arrive.'],
}

export function answerToBrokenRequest(code: string | undefined): Buffer {
  const [status, problem] = BROKEN[code ?? ''] ?? [400, 'it is not an HTTP/1.1 request.']
  return lastAnswer(status, problem)
}

/** RFC 9110 §9.3.6: CONNECT asks for a tunnel, which only proxies provide. */
export const answerToConnect = (): Buffer =>
  lastAnswer(405, 'method: CONNECT is only for proxies, and Lakegate is not one.')

function lastAnswer(status: number, problem: string): Buffer {
  const { body } = toHttpError(refused('malformed_request', { problem }), randomUUID())
  const text = JSON.stringify(body)
  return Buffer.from(
    [
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${String(Buffer.byteLength(text))}`,
      'connection: close',
      '',
      text,
    ].join('\r\n'),
  )
}
