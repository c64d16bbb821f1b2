/**
 * Checks every request in clear text against the rule of who may send one, before anything else about it is considered.
 */
import type { IncomingMessage } from 'node:http'
import { unmappedAddress } from '../domain/loopback.ts'
import { refusePlainHttp, type PlainHttpRule } from '../policy/plain-http.ts'
import type { Refusal } from '../policy/refusals.ts'

export interface PlainHttpSettings extends PlainHttpRule {
  readonly publicUrl: string
}

export function judgePlainHttp(request: IncomingMessage, settings: PlainHttpSettings): Refusal | undefined {
  const { socket, headers, method = '', url = '' } = request
  if ('encrypted' in socket) return undefined
  const { publicUrl } = settings
  return refusePlainHttp(
    {
      peer: socket.remoteAddress === undefined ? undefined : unmappedAddress(socket.remoteAddress),
      method,
      path: url.split('?')[0] ?? '',
      // The same address also speaks TLS.
      secureUrl: publicUrl.startsWith('https:') ? publicUrl : `https://${headers.host ?? ''}`,
    },
    settings,
  )
}
