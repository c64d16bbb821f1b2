/** OAUTHBEARER (RFC 7628): takes the token, or tells the client where to get one, as PostgreSQL 18 does. */
import { Redacted } from '../../domain/redacted.ts'
import type { BearerDiscovery } from '../../operations/ports/proof.ts'
import { refused, RefusedError } from '../../operations/refused-error.ts'
import { toPostgresRefusal } from '../../policy/refusals.ts'
import {
  formatBearerFailure,
  isBearerAcknowledgement,
  LONGEST_BEARER_MESSAGE,
  OAUTHBEARER,
  parseBearerResponse,
} from '../../protocol/oauthbearer.ts'
import type { ByteReader } from '../byte-reader.ts'
import { beginSasl, violation } from './sasl-answers.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** SQLSTATE class "invalid authorization specification": for these errors another token might help. */
const CLASS_OF_REJECTED_PROOFS = '28'

/** @throws RefusedError what `judge` throws, bearer_token_missing, protocol_violation */
export async function askForBearerToken<Admitted>(
  socket: ByteStream,
  reader: ByteReader,
  discovery: BearerDiscovery,
  judge: (token: Redacted<string>) => Promise<Admitted>,
): Promise<Admitted> {
  const { first, ask } = await beginSasl(socket, reader, [OAUTHBEARER], LONGEST_BEARER_MESSAGE)
  const response = parseBearerResponse(first)
  if (response.kind === 'malformed') throw violation(`malformed OAUTHBEARER message: ${response.problem}`)
  const failWith = async (refusal: RefusedError): Promise<never> => {
    // RFC 7628 §3.2.3: the client reads the failure and acknowledges it; only then does the error end the login.
    const acknowledgement = await ask(formatBearerFailure(discovery))
    if (!isBearerAcknowledgement(acknowledgement))
      throw violation('expected the acknowledgement of a failure')
    throw refusal
  }
  if (response.kind === 'discovery') {
    const { roleName: role, issuer } = discovery
    return failWith(refused('bearer_token_missing', { role, issuer }))
  }
  try {
    return await judge(new Redacted(response.token))
  } catch (error) {
    if (error instanceof RefusedError && isAboutTheToken(error)) return failWith(error)
    throw error
  }
}

/** A system database that does not answer must not make the client fetch a new token. */
const isAboutTheToken = ({ refusal }: RefusedError): boolean =>
  toPostgresRefusal(refusal)?.sqlstate.startsWith(CLASS_OF_REJECTED_PROOFS) === true
