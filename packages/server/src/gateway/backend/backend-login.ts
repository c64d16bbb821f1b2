/**
 * The backend's answer to a startup packet, up to the point where the client takes over the session: an embedded
 * backend admits or refuses, an attached one may ask for a proof first. A backend is trusted as little as a client
 * (attack 15).
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
  /** What PostgreSQL has sent so far, beginning with AuthenticationOk; goes to the client unchanged. */
  readonly greeting: Buffer
  /** For an attached cluster: the host that answered. */
  readonly host?: ClusterHost
}

export type BackendAnswer =
  | { readonly kind: 'open'; readonly session: BackendSession }
  /** PostgreSQL's own ErrorResponse, to be sent to the client. */
  | { readonly kind: 'refused'; readonly message: Buffer }

/** What proves the gateway to the backend. */
export interface BackendProof {
  /**
   * @throws RefusedError facts_unavailable when the request is not what was agreed on: another kind of proof, or a
   * backend that does not have the key of the role
   */
  answer(request: { readonly code: number; readonly body: Buffer }): Buffer | undefined
  /** Checked at AuthenticationOk: whether the exchange of the agreed proof is complete. */
  isComplete(): boolean
}

/** Peer authentication asks for no proof, so a backend that asks for one is not configured as Lakegate left it. */
const NOTHING_TO_PROVE: BackendProof = {
  answer: () => {
    throw new ConnectionEnded()
  },
  isComplete: () => true,
}

/**
 * @param readGreeting reads what the backend sends after AuthenticationOk, as far as it is needed before the client
 * takes over
 */
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
    // An older backend reports its version with NegotiateProtocolVersion; the client keeps the version that we agreed
    // on. Anything else breaks the protocol.
    if (!(reply?.kind === 'other' && reply.type === BACKEND.negotiateProtocolVersion))
      throw new ConnectionEnded()
  }
}

export const nextFrame = (reader: ByteReader): Promise<Frame> =>
  reader.next((bytes) => decodeFrame(bytes, LONGEST_BACKEND_LOGIN_MESSAGE))

/** Turns an early close or a protocol violation by the backend into the refusal that the client reads. */
export function toUnavailable(error: unknown): unknown {
  const isOutOfTurn =
    error instanceof ConnectionEnded ||
    (error instanceof RefusedError && error.refusal.name === 'protocol_violation')
  return isOutOfTurn ? unavailable('The backend ended the connection out of turn.', error) : error
}

export const unavailable = (reason: string, cause?: unknown): RefusedError =>
  new RefusedError(refuse('facts_unavailable', { reason }), { cause })
