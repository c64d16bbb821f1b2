/**
 * The header that a load balancer sends before the client's first byte: PROXY protocol version 2 (HAProxy,
 * "proxy-protocol.txt", §2.2). It is binary and states its length, which is checked before anything is read.
 */
import { needMore, violation, type Decoded } from './frame.ts'

export interface ProxyHeader {
  /** The client's; undefined for a connection of the balancer itself (LOCAL) and for families other than IP. */
  readonly source: { readonly address: string; readonly port: number } | undefined
}

export const PROXY_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const HEADER_BYTES = 16
/** Addresses take at most 216 bytes (AF_UNIX); the rest are extensions, which are not used here. */
const LONGEST_REST = 1_024
const VERSION_2 = 0x20
const COMMANDS = { local: 0, proxy: 1 } as const
/** Family and transport: TCP over IPv4, TCP over IPv6. */
const TCP4 = 0x11
const TCP6 = 0x21
/** RFC 4291 §2.5.5.2. */
const IPV4_MAPPED = Buffer.from('00000000000000000000ffff', 'hex')
const ADDRESS_BYTES = { [TCP4]: 12, [TCP6]: 36 } as const

/** A version 1 header, or none, is a violation: a listed balancer that does not name its client is not served. */
export function decodeProxyHeader(bytes: Buffer): Decoded<ProxyHeader> {
  const seen = Math.min(bytes.length, PROXY_SIGNATURE.length)
  if (!bytes.subarray(0, seen).equals(PROXY_SIGNATURE.subarray(0, seen)))
    return violation('the load balancer sent no PROXY protocol version 2 header')
  if (bytes.length < HEADER_BYTES) return needMore(HEADER_BYTES)
  const versionAndCommand = bytes.readUInt8(12)
  const family = bytes.readUInt8(13)
  const rest = bytes.readUInt16BE(14)
  const command = versionAndCommand & 0x0f
  if ((versionAndCommand & 0xf0) !== VERSION_2 || command > COMMANDS.proxy)
    return violation('unknown version or command in the PROXY protocol header')
  if (rest > LONGEST_REST) return violation('the PROXY protocol header is too long')
  const total = HEADER_BYTES + rest
  if (bytes.length < total) return needMore(total)
  // §2.2: a health check; its addresses must be ignored.
  if (command === COMMANDS.local) return { outcome: 'message', message: { source: undefined }, length: total }
  if (family !== TCP4 && family !== TCP6) return violation('the PROXY protocol header is not of TCP over IP')
  if (rest < ADDRESS_BYTES[family])
    return violation('the PROXY protocol header is too short for its addresses')
  const source = family === TCP4 ? readTcp4(bytes) : readTcp6(bytes)
  return { outcome: 'message', message: { source }, length: total }
}

function readTcp4(bytes: Buffer): NonNullable<ProxyHeader['source']> {
  const address = [...bytes.subarray(HEADER_BYTES, HEADER_BYTES + 4)].join('.')
  return { address, port: bytes.readUInt16BE(HEADER_BYTES + 8) }
}

function readTcp6(bytes: Buffer): NonNullable<ProxyHeader['source']> {
  const port = bytes.readUInt16BE(HEADER_BYTES + 32)
  // An IPv4 client of a dual-stack listener is the same client (RFC 4291 §2.5.5.2).
  if (bytes.subarray(HEADER_BYTES, HEADER_BYTES + IPV4_MAPPED.length).equals(IPV4_MAPPED)) {
    const mapped = bytes.subarray(HEADER_BYTES + IPV4_MAPPED.length, HEADER_BYTES + 16)
    return { address: [...mapped].join('.'), port }
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(HEADER_BYTES + 2 * index).toString(16),
  )
  // One spelling per address (RFC 5952), because limits are counted by it.
  const address = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  return { address, port }
}
