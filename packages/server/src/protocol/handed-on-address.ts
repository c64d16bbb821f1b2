/**
 * How the control plane tells the gateway the address of the browser for which it connects: a PROXY protocol v2 header
 * (HAProxy, "proxy-protocol.txt", §2.2) with one extension, which proves that the header comes from the control plane.
 * Without that proof, only a listed balancer may send such a header (docs/decisions/0016-sql-editor-sessions.md).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeProxyHeader, PROXY_SIGNATURE } from './proxy-header.ts'
import type { Decoded } from './frame.ts'

/** §2.2.7: types from PP2_TYPE_MIN_CUSTOM to PP2_TYPE_MAX_CUSTOM are reserved for applications. */
const PROOF_TYPE = 0xe7
const EXTENSION_HEADER_BYTES = 3
const TIME_BYTES = 8
const MAC_BYTES = 32
const PROOF_BYTES = EXTENSION_HEADER_BYTES + TIME_BYTES + MAC_BYTES
const VERSION_2_PROXY = 0x21
const FAMILIES = { 4: 0x11, 6: 0x21 } as const
/** Clocks of nodes may differ a little; a header that was recorded on its way soon becomes useless. */
const HANDED_ON_SECONDS = 30

export interface HandedOnClient {
  readonly address: string
  /** The IP version of the address. */
  readonly family: 4 | 6
  readonly port: number
}

export function encodeHandedOnAddress(
  { address, family, port }: HandedOnClient,
  key: Uint8Array,
  now: Date,
): Buffer {
  const [withoutZone = ''] = address.split('%', 1)
  const source = family === 4 ? Buffer.from(withoutZone.split('.').map(Number)) : bytesOfIpv6(withoutZone)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port & 0xffff, 0)
  const head = Buffer.alloc(4)
  head.writeUInt8(VERSION_2_PROXY, 0)
  head.writeUInt8(FAMILIES[family], 1)
  // The destination address is not needed: zeros.
  const addresses = Buffer.concat([source, Buffer.alloc(source.length), ports])
  head.writeUInt16BE(addresses.length + PROOF_BYTES, 2)
  const proof = Buffer.alloc(EXTENSION_HEADER_BYTES + TIME_BYTES)
  proof.writeUInt8(PROOF_TYPE, 0)
  proof.writeUInt16BE(TIME_BYTES + MAC_BYTES, 1)
  proof.writeBigUInt64BE(BigInt(now.getTime()), EXTENSION_HEADER_BYTES)
  const signed = Buffer.concat([PROXY_SIGNATURE, head, addresses, proof])
  return Buffer.concat([signed, macOf(signed, key)])
}

/**
 * Reads such a header. One that is malformed or not proven is the same violation as any other bytes there, so that a
 * stranger learns nothing.
 */
export function decodeHandedOnAddress(bytes: Buffer, key: Uint8Array, now: Date): Decoded<string> {
  const decoded = decodeProxyHeader(bytes)
  if (decoded.outcome === 'need_more') return decoded
  if (decoded.outcome === 'violation' || decoded.message.source === undefined) return NOT_A_STARTUP_PACKET
  const header = bytes.subarray(0, decoded.length)
  return isProven(header, key, now)
    ? { outcome: 'message', message: decoded.message.source.address, length: decoded.length }
    : NOT_A_STARTUP_PACKET
}

/** The violation that `decodeStartupPacket` reports for these bytes. */
const NOT_A_STARTUP_PACKET = {
  outcome: 'violation',
  violation: 'invalid length of startup packet',
} as const

function isProven(header: Buffer, key: Uint8Array, now: Date): boolean {
  const macStart = header.length - MAC_BYTES
  const proofStart = header.length - PROOF_BYTES
  if (proofStart < PROXY_SIGNATURE.length) return false
  if (header.readUInt8(proofStart) !== PROOF_TYPE) return false
  if (header.readUInt16BE(proofStart + 1) !== TIME_BYTES + MAC_BYTES) return false
  if (!timingSafeEqual(macOf(header.subarray(0, macStart), key), header.subarray(macStart))) return false
  const madeAt = Number(header.readBigUInt64BE(proofStart + EXTENSION_HEADER_BYTES))
  return Math.abs(now.getTime() - madeAt) <= HANDED_ON_SECONDS * 1000
}

const macOf = (signed: Buffer, key: Uint8Array): Buffer => createHmac('sha256', key).update(signed).digest()

function bytesOfIpv6(address: string): Buffer {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0)
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...first, ...zeros, ...last].entries()) bytes.writeUInt16BE(group, 2 * index)
  return bytes
}
