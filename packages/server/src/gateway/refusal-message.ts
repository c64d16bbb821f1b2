/** Renders every refusal for the PostgreSQL protocol: FATAL, sent before the connection closes. */
import { RefusedError } from '../operations/refused-error.ts'
import { toPostgresRefusal } from '../policy/refusals.ts'
import { encodeErrorResponse } from '../protocol/error-response.ts'
import { closeConnection } from './close-connection.ts'
import type { ByteStream } from './streams/byte-stream.ts'

export function refusalMessage(error: unknown): Buffer {
  const rendered = error instanceof RefusedError ? toPostgresRefusal(error.refusal) : undefined
  return encodeErrorResponse({
    severity: 'FATAL',
    ...(rendered ?? {
      sqlstate: 'XX000',
      message: 'internal error of the gateway',
      hint: 'The operator finds the cause in the log of Lakegate.',
    }),
  })
}

/** Sends the last message and closes. */
export function endWith(socket: ByteStream, message: Buffer, lingerMs?: number): void {
  closeConnection(socket, { lastWord: message, ...(lingerMs === undefined ? {} : { lingerMs }) })
}
