/** RFC 9112 §3.2: a request says once, and in one way, which host it is for; who reads another line than we do is fooled. */
import type { IncomingMessage } from 'node:http'

/** `uri-host [ ":" port ]`, RFC 3986 §3.2.2; empty where the target has no authority. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9\-._~!$&'()*+,;=%]*)(?::\d*)?$/i

/** @returns what is wrong with it. Node refuses a request of HTTP/1.1 without one by itself. */
export function complaintAboutHost({ headersDistinct }: IncomingMessage): string | undefined {
  const hosts = headersDistinct['host'] ?? []
  if (hosts.length > 1) return 'host: there is more than one of that header.'
  const [host = ''] = hosts
  // A comma may stand in a name by the grammar, and never does in that of a server; proxies join two lines with it.
  return HOST.test(host) && !host.includes(',') ? undefined : 'host: it names no host.'
}
