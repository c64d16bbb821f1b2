/** Reads the client's answers during SASL: the first one names the mechanism, the others are bare responses. */
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { decodeFrame } from '../../protocol/frame.ts'
import { FRONTEND } from '../../protocol/message-types.ts'
import {
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  parseSaslInitialResponse,
} from '../../protocol/sasl.ts'
import type { ByteReader } from '../byte-reader.ts'
import { ConnectionEnded, type ByteStream } from '../streams/byte-stream.ts'

export interface SaslConversation {
  readonly mechanism: string
  /** The client's first message. */
  readonly first: Buffer
  /** Sends a challenge, reads the answer. */
  ask(challenge: Buffer): Promise<Buffer>
}

/**
 * @param longest limit of every answer in bytes, length word included
 * @throws RefusedError protocol_violation, also for a mechanism that was not offered; ConnectionEnded
 */
export async function beginSasl(
  socket: ByteStream,
  reader: ByteReader,
  mechanisms: readonly string[],
  longest: number,
): Promise<SaslConversation> {
  const ask = (challenge: Buffer): Promise<Buffer> => {
    socket.write(encodeAuthenticationSaslContinue(challenge))
    return readResponse(reader, longest)
  }
  socket.write(encodeAuthenticationSasl(mechanisms))
  const initial = parseSaslInitialResponse(await readResponse(reader, longest))
  if (initial === undefined) throw violation('malformed SASLInitialResponse')
  const { mechanism, response } = initial
  if (!mechanisms.includes(mechanism)) throw violation('a SASL mechanism was selected that was not offered')
  // RFC 4422 §3: when the client has to speak first but sent no initial response, it gets an empty challenge.
  return { mechanism, first: response ?? (await ask(Buffer.alloc(0))), ask }
}

async function readResponse(reader: ByteReader, longest: number): Promise<Buffer> {
  const { type, body } = await reader.next((bytes) => decodeFrame(bytes, longest))
  // libpq without a password, or with `require_auth`, disconnects when it sees the request.
  if (type === FRONTEND.terminate && body.length === 0) throw new ConnectionEnded()
  if (type !== FRONTEND.passwordMessage) throw violation('expected a SASL response')
  return body
}

export const violation = (text: string): RefusedError => refused('protocol_violation', { violation: text })
