/**
 * Agreement on the minor protocol version and on protocol options, as in PostgreSQL 18 ("Frontend/Backend Protocol",
 * NegotiateProtocolVersion): a version or option that we do not know is negotiated down, never refused.
 */
import { buildMessage, field } from './message-builder.ts'
import { BACKEND } from './message-types.ts'
import { SUPPORTED_MAJOR_VERSION, type ProtocolVersion, type StartupMessage } from './startup.ts'

/** 3.2 brings cancel keys of up to 256 bytes; 3.1 was never released, and PostgreSQL treats it as 3.0. */
const NEWEST_MINOR_VERSION = 2

/** Names with this prefix are protocol options, not settings; PostgreSQL defines none so far. */
const PROTOCOL_OPTION_PREFIX = '_pq_.'

export const isProtocolOption = (parameterName: string): boolean =>
  parameterName.startsWith(PROTOCOL_OPTION_PREFIX)

export interface AgreedProtocol {
  readonly version: ProtocolVersion
  /** To be sent before anything else; undefined when we support everything that the client asked for. */
  readonly negotiation: Buffer | undefined
}

/** The protocol to use with the client that sent this message. */
export function agreeOnProtocol(message: StartupMessage): AgreedProtocol {
  const minor = Math.min(message.version.minor, NEWEST_MINOR_VERSION)
  const version = { major: SUPPORTED_MAJOR_VERSION, minor }
  const options = message.parameters.map(({ name }) => name).filter(isProtocolOption)
  const understood = minor === message.version.minor && options.length === 0
  return { version, negotiation: understood ? undefined : encodeNegotiateProtocolVersion(version, options) }
}

/** The whole version is sent, as PostgreSQL does and libpq expects, although the manual says "minor". */
function encodeNegotiateProtocolVersion(version: ProtocolVersion, options: readonly string[]): Buffer {
  return buildMessage(
    BACKEND.negotiateProtocolVersion,
    field.int32((version.major << 16) | version.minor),
    field.int32(options.length),
    ...options.map((option) => field.string(Buffer.from(option, 'latin1'))),
  )
}
