/**
 * Who may use plain HTTP. Anyone on the network path could read passwords, cookies and tokens, so only this machine and
 * the proxies that end TLS in front of it may, unless the operator allows more.
 */
import { isLoopback } from '../domain/loopback.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface PlainHttpRule {
  /** The setting `plain-http`. */
  readonly access: 'loopback' | 'everywhere'
  /** Whether `forwarded-for-from` lists this address. */
  readonly isProxy: (address: string) => boolean
}

export interface PlainRequest {
  /** The address that sent it, regardless of headers; undefined when the connection is closed. */
  readonly peer: string | undefined
  readonly method: string
  readonly path: string
  /** The URL of the same request over TLS. */
  readonly secureUrl: string
}

/** Health probes come from other machines over plain HTTP, and carry no secret in either direction. */
const PROBES = ['/healthz', '/readyz']

export function refusePlainHttp(request: PlainRequest, rule: PlainHttpRule): Refusal | undefined {
  if (rule.access === 'everywhere') return undefined
  if (request.peer !== undefined && (isLoopback(request.peer) || rule.isProxy(request.peer))) return undefined
  if (request.method === 'GET' && PROBES.includes(request.path)) return undefined
  return refuse('plain_http_refused', { url: request.secureUrl })
}
