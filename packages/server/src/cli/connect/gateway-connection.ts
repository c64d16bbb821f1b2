/**
 * A connection to the gateway as libpq makes one with sslmode=verify-full: SSLRequest, TLS, and the certificate verified
 * against the authority and the name. For what no driver offers: the relay of `lakegate proxy`, and cancel requests over TLS.
 */
import { once } from 'node:events'
import { connect as connectPlainly, isIP, type Socket } from 'node:net'
import { connect as connectOverTls, type TLSSocket } from 'node:tls'
import { encodeCancelRequest, encodeSslRequest, type CancelRequest } from '../../protocol/startup.ts'
import { commandFailed } from '../exit-codes.ts'

export interface GatewayAddress {
  readonly host: string
  readonly port: number
  /** Certificates in PEM form; undefined: the public authorities. */
  readonly ca: string | undefined
}

const CONNECT_LIMIT_MS = 15_000
const TAKES_TLS = Buffer.from('S')

/** @throws Fault that says what failed: the address, TLS, or the certificate */
export async function connectToGateway(address: GatewayAddress): Promise<TLSSocket> {
  const { host, port, ca } = address
  const limit = AbortSignal.timeout(CONNECT_LIMIT_MS)
  const plain = connectPlainly({ host, port })
  try {
    await once(plain, 'connect', { signal: limit })
    plain.setNoDelay(true)
    plain.write(encodeSslRequest())
    if (!TAKES_TLS.equals(await firstByte(plain, limit))) throw new Error('it does not offer TLS')
    const encrypted = connectOverTls({
      socket: plain,
      // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 changes what is meant by saying nothing.
      rejectUnauthorized: true,
      host,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      // RFC 6066 §3: a server name is never an address.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    })
    try {
      await once(encrypted, 'secureConnect', { signal: limit })
    } catch (error) {
      encrypted.destroy()
      throw error
    }
    return encrypted
  } catch (cause) {
    plain.destroy()
    throw unreachable(address, limit.aborted ? new Error('it did not answer in time') : cause)
  }
}

/** Reads exactly one byte: what follows it belongs to TLS. */
async function firstByte(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const byte = socket.read(1) as Buffer | null
    if (byte !== null) return byte
    if (socket.readableEnded || socket.destroyed) throw new Error('it closed the connection')
    await Promise.race([once(socket, 'readable', { signal }), once(socket, 'end', { signal })])
  }
}

/** Sends a cancel request, and waits until the gateway has closed the connection, which says that it was handled. */
export async function cancelAtGateway(
  address: GatewayAddress,
  key: Omit<CancelRequest, 'kind'>,
): Promise<void> {
  const connection = await connectToGateway(address)
  const closed = once(connection, 'close')
  // A gateway that resets instead of closing in order has handled the request too.
  connection.on('error', () => undefined)
  connection.resume()
  connection.end(encodeCancelRequest(key))
  await closed
}

function unreachable({ host, port }: GatewayAddress, cause: unknown) {
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return commandFailed(
    `The gateway cannot be reached at ${host} port ${String(port)}: ${why}.`,
    OF_CERTIFICATES.test(code)
      ? 'Its certificate does not prove that it is the gateway of this instance. Do not go on; ask whoever runs it.'
      : 'Look whether the instance is AVAILABLE, and whether a firewall lets you reach that port.',
  )
}

/** Codes of OpenSSL and Node.js for a certificate that does not prove who the server is. */
const OF_CERTIFICATES = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)/
