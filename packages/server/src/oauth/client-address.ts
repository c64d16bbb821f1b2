/**
 * The address of an HTTP client: that of the peer or, when the peer is a listed proxy, the address that it names. A
 * proxy appends the address of its own peer to X-Forwarded-For, so the list is read from its end; everything before the
 * first address that is no listed proxy was written by the client and is not believed.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** @param isProxy whether the address is a listed proxy */
export function clientAddressOf(
  {
    socket,
    headers,
  }: Pick<IncomingMessage, 'headers'> & { readonly socket: { remoteAddress?: string | undefined } },
  isProxy: (address: string) => boolean,
): string {
  let address = plain(socket.remoteAddress ?? 'unknown')
  // Node joins several lines of the header.
  const named = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  while (isIP(address) !== 0 && isProxy(address)) {
    const next = named.pop()
    const said = next === undefined ? '' : plain(next)
    if (isIP(said) === 0) break
    address = said
  }
  return address
}

/** Without a port, and an IPv4-mapped address as IPv4 (RFC 4291 §2.5.5.2). */
function plain(text: string): string {
  const address = text.trim()
  const inner =
    /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+)(?::\d+)?$/.exec(address)?.[1] ?? address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(inner)?.[1]
  return mapped ?? inner
}
