/**
 * One connection from dblink: startup message, questions, answers. Messages are read in order, and the length of each
 * is checked before it is buffered; anything unexpected ends the connection.
 */
import type { Socket } from 'node:net'
import { Fault } from '../domain/fault.ts'
import type { AnswerIdentityQuestion } from '../operations/roles/answer-identity-question.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { toPostgresRefusal } from '../policy/refusals.ts'
import {
  encodeAuthenticationOk,
  encodeBackendKeyData,
  encodeCommandComplete,
  encodeDataRow,
  encodeParameterStatus,
  encodeReadyForQuery,
  encodeRowDescription,
  textColumn,
} from '../protocol/backend.ts'
import { encodeErrorResponse, type ErrorFields } from '../protocol/error-response.ts'
import { decodeFrame, decodeUtf8, type Decoded } from '../protocol/frame.ts'
import { parseFrontendMessage } from '../protocol/frontend.ts'
import { decodeStartupPacket, type StartupPacket } from '../protocol/startup.ts'
import { parseQuestion } from './question.ts'

/** A ticket is under 1 KiB and a name at most 256 characters; base64 adds a third. */
const LONGEST_MESSAGE = 16_384

interface ConversationDependencies {
  readonly answer: AnswerIdentityQuestion
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
}

export async function answerConversation(
  socket: Socket,
  dependencies: ConversationDependencies,
): Promise<void> {
  const reader = createReader(socket)
  const startup = await readStartup(socket, reader)
  if (startup?.kind !== 'startup_message') {
    socket.destroy()
    return
  }
  socket.write(
    Buffer.concat([
      encodeAuthenticationOk(),
      // dblink compares the encodings and sends no statement of its own when they are equal.
      encodeParameterStatus('server_version', '18.0'),
      encodeParameterStatus('server_encoding', 'UTF8'),
      encodeParameterStatus('client_encoding', 'UTF8'),
      encodeParameterStatus('standard_conforming_strings', 'on'),
      // There is nothing to cancel, but libpq expects a key.
      encodeBackendKeyData(0, Buffer.alloc(4)),
      encodeReadyForQuery(),
    ]),
  )
  for (;;) {
    const frame = await reader.next((bytes) => decodeFrame(bytes, LONGEST_MESSAGE))
    const message = frame === undefined ? undefined : parseFrontendMessage(frame)
    if (message?.kind !== 'query') {
      socket.end()
      return
    }
    socket.write(
      Buffer.concat([...(await answerStatement(message.text, dependencies)), encodeReadyForQuery()]),
    )
  }
}

/** libpq requests no encryption on a Unix socket unless configured to; the answer is no. */
async function readStartup(socket: Socket, reader: Reader): Promise<StartupPacket | undefined> {
  const first = await reader.next(decodeStartupPacket)
  if (first?.kind !== 'ssl_request' && first?.kind !== 'gss_encryption_request') return first
  socket.write('N')
  return reader.next(decodeStartupPacket)
}

async function answerStatement(text: Buffer, { answer, log }: ConversationDependencies): Promise<Buffer[]> {
  const statement = decodeUtf8(text)
  // In a database with another encoding dblink sets client_encoding; it may, because we send only ASCII or UTF-8
  // anyway.
  if (statement !== undefined && /^set client_encoding to '\w+'$/i.test(statement))
    return [encodeCommandComplete('SET')]
  const question = statement === undefined ? undefined : parseQuestion(statement)
  if (question === undefined) {
    return [refusal({ sqlstate: '42601', message: 'only the question of databricks_auth is answered here' })]
  }
  try {
    const identity = await answer(question)
    return [
      encodeRowDescription([
        textColumn('identity_id'),
        textColumn('identity_type'),
        textColumn('identity_name'),
      ]),
      encodeDataRow([identity.id, identity.type, identity.name]),
      encodeCommandComplete('SELECT 1'),
    ]
  } catch (error) {
    if (error instanceof RefusedError) {
      const rendered = toPostgresRefusal(error.refusal)
      if (rendered !== undefined) return [refusal(rendered)]
    }
    log.error({ err: error }, 'a live question of databricks_auth failed')
    const isRetryable = error instanceof Fault && error.retryable
    return [
      refusal({
        sqlstate: isRetryable ? '57P03' : 'XX000',
        message: isRetryable
          ? 'the control plane cannot answer at the moment'
          : 'internal error of the control plane',
        hint: isRetryable
          ? 'Retry in a few seconds.'
          : 'The operator finds the cause in the log of Lakegate.',
      }),
    ]
  }
}

const refusal = (fields: Omit<ErrorFields, 'severity'>): Buffer =>
  encodeErrorResponse({ severity: 'ERROR', ...fields })

interface Reader {
  /** Undefined when the other side has closed or broken the protocol. */
  next<Message>(decode: (bytes: Buffer) => Decoded<Message>): Promise<Message | undefined>
}

function createReader(socket: Socket): Reader {
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]()
  let buffered: Buffer = Buffer.alloc(0)
  return {
    async next(decode) {
      for (;;) {
        const decoded = decode(buffered)
        if (decoded.outcome === 'violation') return undefined
        if (decoded.outcome === 'message') {
          buffered = buffered.subarray(decoded.length)
          return decoded.message
        }
        const chunk = await chunks.next()
        if (chunk.done === true) return undefined
        buffered = Buffer.concat([buffered, chunk.value])
      }
    },
  }
}
