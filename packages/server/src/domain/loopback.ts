/** Addresses of this machine itself (RFC 1122 §3.2.1.3; RFC 4291 §2.5.3). */

/** The IPv4 address, where an IPv6 socket reports it in mapped form (RFC 4291 §2.5.5.2). */
export const unmappedAddress = (address: string): string =>
  /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

export function isLoopback(address: string): boolean {
  const unmapped = unmappedAddress(address)
  return unmapped === '::1' || /^127\.\d+\.\d+\.\d+$/.test(unmapped)
}
