/** SCRAM-SHA-256 and SCRAM-SHA-256-PLUS with the gateway as the server (RFC 5802, RFC 7677). */
import { randomBytes } from 'node:crypto'
import { refused } from '../../operations/refused-error.ts'
import { LONGEST_SCRAM_MESSAGE } from '../../protocol/limits.ts'
import { encodeAuthenticationSaslFinal } from '../../protocol/sasl.ts'
import {
  beginScram,
  SCRAM_SHA_256,
  SCRAM_SHA_256_PLUS,
  type ScramFailure,
} from '../../protocol/scram/exchange.ts'
import type { ScramVerifier } from '../../protocol/scram/verifier.ts'
import type { ByteReader } from '../byte-reader.ts'
import { beginSasl, violation } from './sasl-answers.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** As many as in PostgreSQL (SCRAM_RAW_NONCE_LEN). */
const NONCE_BYTES = 18

/**
 * @param endPoint when defined, SCRAM-SHA-256-PLUS is offered as well
 * @throws RefusedError what `judge` throws, protocol_violation, channel_binding_failed
 */
export async function askForScramProof(
  socket: ByteStream,
  reader: ByteReader,
  { verifier, endPoint }: { readonly verifier: ScramVerifier; readonly endPoint: Buffer | undefined },
  judge: (proof: 'right' | 'wrong') => Promise<void>,
): Promise<void> {
  const mechanisms = [...(endPoint === undefined ? [] : [SCRAM_SHA_256_PLUS]), SCRAM_SHA_256]
  const { mechanism, first, ask } = await beginSasl(socket, reader, mechanisms, LONGEST_SCRAM_MESSAGE)
  const serverNonce = randomBytes(NONCE_BYTES).toString('base64')
  const begun = beginScram(first, { mechanism, verifier, endPoint, serverNonce })
  const step = begun.outcome === 'continue' ? begun.finish(await ask(begun.reply)) : begun
  if (step.outcome === 'success') {
    await judge('right')
    // The client trusts the server because of this signature, so it is sent before anything else.
    socket.write(encodeAuthenticationSaslFinal(step.reply))
    return
  }
  if (step.outcome === 'continue') throw new Error('a SCRAM exchange has two steps')
  if (step.failure.kind === 'wrong_proof') await judge('wrong')
  throw toRefusedError(step.failure)
}

function toRefusedError(failure: ScramFailure): Error {
  switch (failure.kind) {
    case 'channel_binding':
      return refused('channel_binding_failed', { problem: failure.problem })
    case 'malformed':
      return violation(`malformed SCRAM message: ${failure.problem}`)
    case 'wrong_proof':
      return new Error('a wrong proof was not refused')
  }
}
