/**
 * From the first byte to a startup message over TLS, or a cancel request: one loop over the startup packets, each
 * upgrade at most once, nothing read across the TLS boundary (attacks 1–5; CVE-2021-23214, CVE-2026-6479).
 */
import type { SecureContext } from 'node:tls'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { needMore, type Decoded } from '../../protocol/frame.ts'
import { encodeTerminate } from '../../protocol/frontend-statements.ts'
import { PROXY_SIGNATURE } from '../../protocol/proxy-header.ts'
import {
  decodeStartupPacket,
  type CancelRequest,
  type StartupMessage,
  type StartupPacket,
} from '../../protocol/startup.ts'
import { createByteReader, type ByteReader } from '../byte-reader.ts'
import {
  ALPN_PROTOCOL,
  ConnectionEnded,
  type ClientStream,
  type EncryptedStream,
} from '../streams/byte-stream.ts'
import { streams } from '../streams/this-runtime.ts'

export type Handshake =
  | {
      readonly kind: 'cancel_request'
      readonly request: CancelRequest
      readonly serverName: string | undefined
    }
  | {
      readonly kind: 'login'
      /** The address of the user for whom the control plane connects; undefined for every other client. */
      readonly handedOnAddress: string | undefined
      readonly socket: EncryptedStream
      readonly reader: ByteReader
      readonly message: StartupMessage
      /** From TLS (SNI); undefined when the client sent none. */
      readonly serverName: string | undefined
    }

/** RFC 8446 §5.1: the first byte of a handshake record. */
const TLS_HANDSHAKE_RECORD = 0x16
/** PostgreSQL, "SSL Session Encryption" and "GSSAPI Session Encryption". */
const ACCEPTED = Buffer.from('S')
const DECLINED = Buffer.from('N')
const TERMINATE = encodeTerminate()

export interface HandshakeListener {
  /** The client was told to begin TLS: from now on it takes anything sent in clear for TLS. */
  tlsIsNext(): void
  /** Judges the header of a peer that connects for somebody else; only the control plane can make a valid one. */
  readHandedOn(bytes: Buffer): Decoded<string>
  /** Called with the encrypted socket as soon as there is one: refusals go there. */
  upgraded(encrypted: EncryptedStream): void
}

/**
 * @throws RefusedError tls_required, protocol_violation, ConnectionEnded, unsupported_protocol_version
 */
export async function shakeHands(
  socket: ClientStream,
  context: SecureContext,
  signal: AbortSignal,
  told: HandshakeListener,
): Promise<Handshake> {
  let encrypted: EncryptedStream | undefined
  let reader = createByteReader(socket, signal)
  let gssWasRefused = false
  let handedOnAddress: string | undefined
  const upgrade = async (early: Buffer): Promise<EncryptedStream> => {
    encrypted = await streams.startTls(socket, { early, context, signal }, (now) => {
      told.upgraded(now)
    })
    reader = createByteReader(encrypted, signal)
    return encrypted
  }

  let first = await reader.next(peekFirst)
  if (first === 'handed_on') {
    handedOnAddress = await reader.next((bytes) => told.readHandedOn(bytes))
    first = await reader.next(peekFirst)
  }
  if (first === 'terminate') throw new ConnectionEnded()
  if (first === 'tls') {
    const { alpnProtocol } = await upgrade(reader.takeRest())
    // Without ALPN a client of another protocol might be tricked into talking to us (PostgreSQL, "sslnegotiation").
    if (alpnProtocol !== ALPN_PROTOCOL) throw violation('direct TLS without the ALPN protocol "postgresql"')
  }

  for (;;) {
    const packet: StartupPacket = await reader.next(decodeStartupPacket)
    const isEncrypted = encrypted !== undefined
    switch (packet.kind) {
      case 'ssl_request': {
        if (isEncrypted) throw violation('SSLRequest inside TLS')
        socket.write(ACCEPTED)
        told.tlsIsNext()
        // Whatever came with it is for TLS to read, as in PostgreSQL 17 and later (`secure_open_server`): a ClientHello
        // is taken, anything else closes the connection without an answer. So nothing sent in clear ever counts as sent
        // inside TLS. OpenSSL would send an alert first, and drivers that receive the alert together with the S do not
        // recognise the S.
        const early = reader.takeRest()
        if (early.length > 0 && early[0] !== TLS_HANDSHAKE_RECORD) throw new ConnectionEnded()
        await upgrade(early)
        break
      }
      case 'gss_encryption_request':
        if (isEncrypted || gssWasRefused) throw violation('GSSENCRequest repeated')
        gssWasRefused = true
        socket.write(DECLINED)
        break
      case 'cancel_request':
        return { kind: 'cancel_request', request: packet, serverName: serverNameOf(encrypted) }
      case 'unsupported_version':
        throw refused('unsupported_protocol_version', {
          version: `${String(packet.version.major)}.${String(packet.version.minor)}`,
        })
      case 'startup_message': {
        if (encrypted === undefined) {
          // behaviour 14: before any request for a password
          const { major, minor } = packet.version
          throw refused('tls_required', { protocolVersion: String(major * 65536 + minor) })
        }
        return {
          kind: 'login',
          handedOnAddress,
          socket: encrypted,
          reader,
          message: packet,
          serverName: serverNameOf(encrypted),
        }
      }
    }
  }
}

function serverNameOf(encrypted: EncryptedStream | undefined): string | undefined {
  const name = encrypted?.servername
  return typeof name === 'string' && name !== '' ? name : undefined
}

/**
 * `handed_on`: the control plane's header, before everything else. No startup packet begins with its first byte: the
 * packet would be 200 MB long.
 */
type FirstMessage = 'tls' | 'terminate' | 'packet' | 'handed_on'

/**
 * Looks at the first bytes without consuming them. Terminate is no startup packet, but node-postgres sends it first
 * when it is ended before it has connected, and reports any answer as an error that no caller can catch; PostgreSQL
 * gives none.
 */
function peekFirst(bytes: Buffer): Decoded<FirstMessage> {
  if (bytes.length === 0) return needMore(1)
  const seen = (message: FirstMessage) => ({ outcome: 'message', message, length: 0 }) as const
  if (bytes[0] === TLS_HANDSHAKE_RECORD) return seen('tls')
  if (bytes[0] === PROXY_SIGNATURE[0]) return seen('handed_on')
  if (bytes[0] !== TERMINATE[0]) return seen('packet')
  if (bytes.length < TERMINATE.length) return needMore(TERMINATE.length)
  return seen(bytes.subarray(0, TERMINATE.length).equals(TERMINATE) ? 'terminate' : 'packet')
}

const violation = (text: string): RefusedError => refused('protocol_violation', { violation: text })
