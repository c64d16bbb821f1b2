/**
 * Who may speak HTTP in clear. Whoever is on the way reads passwords, cookies and tokens then, so it is this machine, the
 * proxies that end TLS in front of it, and nobody else unless the operator says so.
 */
import { isLoopback } from '../domain/loopback.ts'
import { refuse, type Refusal } from './refusals.ts'

export interface PlainHttpRule {
  /** Of the setting `plain-http`. */
  readonly access: 'loopback' | 'everywhere'
  /** Of an address: whether `forwarded-for-from` lists it. */
  readonly isProxy: (address: string) => boolean
}

export interface PlainRequest {
  /** Who sent it, before anything that the request itself says; undefined when the connection is gone. */
  readonly peer: string | undefined
  readonly method: string
  readonly path: string
  /** Where the same may be asked over TLS. */
  readonly secureUrl: string
}

/** Probes of a supervisor come from elsewhere, speak plain HTTP, and neither bring nor get a secret. */
const PROBES = ['/healthz', '/readyz']

export function refusePlainHttp(request: PlainRequest, rule: PlainHttpRule): Refusal | undefined {
  if (rule.access === 'everywhere') return undefined
  if (request.peer !== undefined && (isLoopback(request.peer) || rule.isProxy(request.peer))) return undefined
  if (request.method === 'GET' && PROBES.includes(request.path)) return undefined
  return refuse('plain_http_refused', { url: request.secureUrl })
}
