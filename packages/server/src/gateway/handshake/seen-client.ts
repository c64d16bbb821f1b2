/** What SQL functions report about a client, because PostgreSQL sees the gateway as the client (docs/clients/README.md). */
import { isIP } from 'node:net'
import type { EncryptedStream } from '../streams/byte-stream.ts'

/** databricks_session_identity() reads these field names. */
export interface SeenClient {
  readonly address: string | undefined
  readonly tlsVersion: string | undefined
  /** The name that OpenSSL and pg_stat_ssl use. */
  readonly tlsCipher: string | undefined
}

/** @param address as returned by `findClientAddress` */
export function seeClient(
  socket: Pick<EncryptedStream, 'getProtocol' | 'getCipher'>,
  address: string,
): SeenClient {
  const cipher = socket.getCipher()
  return {
    address: toInet(address),
    tlsVersion: socket.getProtocol() ?? undefined,
    tlsCipher: cipher?.name ?? undefined,
  }
}

/**
 * The address as PostgreSQL's type inet accepts it. inet knows no zones (RFC 4007 §11), so the zone of fe80::1%eth0 is
 * dropped.
 * @returns undefined when this is not an IP address
 */
function toInet(address: string): string | undefined {
  const [withoutZone = ''] = address.split('%', 1)
  return isIP(withoutZone) === 0 ? undefined : withoutZone
}
