/**
 * What a backend says to a startup packet, up to the point where the session is the client's: an embedded one admits
 * or refuses, an attached one may ask for a proof in between. A backend is as foreign as a client (attack 15).
 */
import type { ClusterHost } from '../../domain/attached-cluster.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { encodeAuthenticationOk } from '../../protocol/backend.ts'
import { parseBackendReply } from '../../protocol/backend-reply.ts'
import { decodeFrame, type Frame } from '../../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE } from '../../protocol/limits.ts'
import { buildMessage } from '../../protocol/message-builder.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import type { ByteReader } from '../byte-reader.ts'
import { ConnectionEnded, type ByteStream } from '../streams/byte-stream.ts'

export interface BackendSession {
  readonly socket: ByteStream
  /** What PostgreSQL said so far, beginning with AuthenticationOk; for the client, unchanged. */
  readonly greeting: Buffer
  /** Of an attached cluster: which of its hosts it was. */
  readonly host?: ClusterHost
}

export type BackendAnswer =
  | { readonly kind: 'open'; readonly session: BackendSession }
  /** PostgreSQL's own ErrorResponse, for the client. */
  | { readonly kind: 'refused'; readonly message: Buffer }

/** What proves the gateway to the backend. */
export interface BackendProof {
  /** @throws RefusedError facts_unavailable when the request is not what was agreed on */
  answer(request: { readonly code: number; readonly body: Buffer }): Buffer | undefined
  /** Asked at AuthenticationOk. */
  isComplete(): boolean
}

/** Peer authentication asks for nothing, so a backend that does is not configured as we left it. */
const NOTHING_TO_PROVE: BackendProof = {
  answer: () => {
    throw new ConnectionEnded()
  },
  isComplete: () => true,
}

/** @param readGreeting what the backend says behind AuthenticationOk, as far as it is wanted at once */
export async function logInToBackend(
  socket: ByteStream,
  reader: ByteReader,
  readGreeting: (reader: ByteReader) => Buffer | Promise<Buffer>,
  proof: BackendProof = NOTHING_TO_PROVE,
): Promise<BackendAnswer> {
  for (;;) {
    const frame = await nextFrame(reader)
    const reply = parseBackendReply(frame)
    if (reply?.kind === 'authentication_ok') {
      if (!proof.isComplete()) {
        throw unavailable(
          'The backend lets the gateway in without asking for a proof; check its pg_hba.conf.',
        )
      }
      const greeting = await readGreeting(reader)
      return {
        kind: 'open',
        session: { socket, greeting: Buffer.concat([encodeAuthenticationOk(), greeting, reader.takeRest()]) },
      }
    }
    if (reply?.kind === 'error_response') {
      socket.end()
      return { kind: 'refused', message: buildMessage(BACKEND.errorResponse, frame.body) }
    }
    if (reply?.kind === 'authentication_request') {
      const answer = proof.answer({ code: reply.code, body: frame.body.subarray(4) })
      if (answer !== undefined) socket.write(answer)
      continue
    }
    // NegotiateProtocolVersion of an older backend tells us; the client keeps what we agreed on. Anything else is
    // out of turn.
    if (!(reply?.kind === 'other' && reply.type === BACKEND.negotiateProtocolVersion))
      throw new ConnectionEnded()
  }
}

export const nextFrame = (reader: ByteReader): Promise<Frame> =>
  reader.next((bytes) => decodeFrame(bytes, LONGEST_BACKEND_LOGIN_MESSAGE))

/** What the client reads when the backend ended the connection or spoke out of turn. */
export function toUnavailable(error: unknown): unknown {
  const isOutOfTurn =
    error instanceof ConnectionEnded ||
    (error instanceof RefusedError && error.refusal.name === 'protocol_violation')
  return isOutOfTurn ? unavailable('The backend ended the connection out of turn.', error) : error
}

export const unavailable = (reason: string, cause?: unknown): RefusedError =>
  new RefusedError(refuse('facts_unavailable', { reason }), { cause })
