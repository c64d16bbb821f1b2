/**
 * RFC 9112 §3.2: a request names its host exactly once. Otherwise another program on the way could read another host
 * than we do.
 */
import type { IncomingMessage } from 'node:http'

/** `uri-host [ ":" port ]`, RFC 3986 §3.2.2; empty when the target has no authority. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9\-._~!$&'()*+,;=%]*)(?::\d*)?$/i

/** @returns what is wrong with it. Node itself refuses an HTTP/1.1 request without it. */
export function complaintAboutHost({ headersDistinct }: IncomingMessage): string | undefined {
  const hosts = headersDistinct['host'] ?? []
  if (hosts.length > 1) return 'host: there is more than one of that header.'
  const [host = ''] = hosts
  // The grammar allows a comma in a host name, but no server has one; proxies join two header lines with a comma.
  return HOST.test(host) && !host.includes(',') ? undefined : 'host: it is not a valid host name.'
}
