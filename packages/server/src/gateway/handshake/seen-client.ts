/** What SQL is told of a client, because to PostgreSQL the gateway is the client (docs/clients.md). */
import { isIP } from 'node:net'
import type { EncryptedStream } from '../streams/byte-stream.ts'

/** Read by databricks_session_identity(), by these names. */
export interface SeenClient {
  readonly address: string | undefined
  readonly tlsVersion: string | undefined
  /** As OpenSSL and pg_stat_ssl call it. */
  readonly tlsCipher: string | undefined
}

/** @param address as `findClientAddress` gave it */
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
 * As PostgreSQL's type inet takes it, which knows no zones (RFC 4007 §11): of fe80::1%eth0 the zone is left out.
 * @returns undefined for what is no address
 */
function toInet(address: string): string | undefined {
  const [withoutZone = ''] = address.split('%', 1)
  return isIP(withoutZone) === 0 ? undefined : withoutZone
}
