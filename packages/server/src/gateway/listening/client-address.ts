/**
 * Finds the address of the client: the peer's own, or, when the peer is a listed load balancer, the one in its PROXY
 * protocol header. From any other peer such a header is a malformed startup packet, unless it proves that it comes from
 * the control plane (protocol/handed-on-address.ts).
 */
import { BlockList, isIP } from 'node:net'
import { decodeProxyHeader } from '../../protocol/proxy-header.ts'
import { createByteReader } from '../byte-reader.ts'
import type { ClientStream } from '../streams/byte-stream.ts'

export interface Balancers {
  includes(address: string): boolean
}

/** @param ranges CIDR ranges, already validated; a single address is a range of one */
export function createBalancers(ranges: readonly string[]): Balancers {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return { includes: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') }
}

/** An IPv4 client on an IPv6 listener is the same client (RFC 4291 §2.5.5.2). */
function peerAddress(socket: ClientStream): string {
  const address = socket.remoteAddress ?? 'unknown'
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/** @throws RefusedError protocol_violation when a balancer sends no header, or a bad one */
export async function findClientAddress(
  socket: ClientStream,
  balancers: Balancers,
  signal: AbortSignal,
): Promise<string> {
  const peer = peerAddress(socket)
  if (isIP(peer) === 0 || !balancers.includes(peer)) return peer
  const reader = createByteReader(socket, signal)
  const { source } = await reader.next(decodeProxyHeader)
  const rest = reader.takeRest()
  if (rest.length > 0) socket.unshift(rest)
  return source === undefined ? peer : source.address
}
