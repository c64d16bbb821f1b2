/** Addresses of this very machine (RFC 1122 §3.2.1.3; RFC 4291 §2.5.3). */

/** An IPv4 address is one, however a socket of IPv6 writes it (RFC 4291 §2.5.5.2). */
export const unmappedAddress = (address: string): string =>
  /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

export function isLoopback(address: string): boolean {
  const unmapped = unmappedAddress(address)
  return unmapped === '::1' || /^127\.\d+\.\d+\.\d+$/.test(unmapped)
}
