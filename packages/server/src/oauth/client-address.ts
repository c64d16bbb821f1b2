/**
 * Who asks by HTTP: the peer itself, or, when the peer is a listed proxy, whom it names. A proxy appends to
 * X-Forwarded-For whoever it was asked by, so the list is read from its end, and what stands before the first address
 * that is no proxy of ours is that client's own word.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** @param isProxy whether it is listed */
export function clientAddressOf(
  {
    socket,
    headers,
  }: Pick<IncomingMessage, 'headers'> & { readonly socket: { remoteAddress?: string | undefined } },
  isProxy: (address: string) => boolean,
): string {
  let address = plain(socket.remoteAddress ?? 'unknown')
  // Node joins the lines of the header.
  const named = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  while (isIP(address) !== 0 && isProxy(address)) {
    const next = named.pop()
    const said = next === undefined ? '' : plain(next)
    if (isIP(said) === 0) break
    address = said
  }
  return address
}

/** Without a port, and an IPv4 address as one, however it is written (RFC 4291 §2.5.5.2). */
function plain(text: string): string {
  const address = text.trim()
  const inner =
    /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+)(?::\d+)?$/.exec(address)?.[1] ?? address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(inner)?.[1]
  return mapped ?? inner
}
