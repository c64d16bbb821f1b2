/** Asks for the cleartext password, which is the token, and reads one bounded answer (attacks 2, 8). */
import { Redacted } from '../../domain/redacted.ts'
import { refused } from '../../operations/refused-error.ts'
import { encodeAuthenticationCleartextPassword } from '../../protocol/backend.ts'
import { decodeFrame, decodeUtf8 } from '../../protocol/frame.ts'
import { parseFrontendMessage } from '../../protocol/frontend.ts'
import { LONGEST_PASSWORD_MESSAGE } from '../../protocol/limits.ts'
import type { ByteReader } from '../byte-reader.ts'
import { ConnectionEnded, type ByteStream } from '../streams/byte-stream.ts'

export async function askForPassword(socket: ByteStream, reader: ByteReader): Promise<Redacted<string>> {
  socket.write(encodeAuthenticationCleartextPassword())
  const message = parseFrontendMessage(
    await reader.next((bytes) => decodeFrame(bytes, LONGEST_PASSWORD_MESSAGE)),
  )
  // Bytes that are not UTF-8 cannot be a token; the empty string stands for them and is refused as such.
  if (message?.kind === 'password_message') return new Redacted(decodeUtf8(message.password) ?? '')
  // psql disconnects here, and asks its user for the password before a second connection.
  if (message?.kind === 'terminate') throw new ConnectionEnded()
  throw refused('protocol_violation', { violation: 'expected a password response' })
}
