/**
 * Host names of instances under the gateway's domain, and the instance that a TLS server name means. Names are compared
 * exactly, label by label: no suffix, pattern or prefix of a name ever opens another instance (attack 6; attacks.md,
 * "ExtraReplica").
 */
import type { InstanceUid } from '../../domain/ids.ts'

export type Endpoint = 'direct' | 'pooled' | 'read-only'

export interface InstanceRoute {
  readonly instanceUid: InstanceUid
  readonly endpoint: Endpoint
}

/** The first two are the names of the real service (wire-contract; behaviour 70), the third is Lakegate's own. */
const PREFIXES: Readonly<Record<Endpoint, string>> = {
  direct: 'instance-',
  'read-only': 'instance-ro-',
  pooled: 'instance-pooled-',
}
const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The host name that clients connect to and the API reports. */
export const hostOfInstance = (uid: InstanceUid, domain: string): string =>
  `${PREFIXES.direct}${uid}.${domain}`

/** The same for its pooled endpoint. */
export const pooledHostOfInstance = (uid: InstanceUid, domain: string): string =>
  `${PREFIXES.pooled}${uid}.${domain}`

/** Names of instances are one label below the domain, so that one certificate covers them all (RFC 6125 §6.4.3). */
export const certificateHostOf = (domain: string): string => `*.${domain}`

/** @returns undefined when the name is not one of an instance under this domain */
export function findInstanceRoute(serverName: string, domain: string): InstanceRoute | undefined {
  // RFC 6066 §3: host names are compared in any letter case.
  const [label = '', ...parents] = serverName.toLowerCase().split('.')
  if (parents.join('.') !== domain) return undefined
  for (const endpoint of ['direct', 'read-only', 'pooled'] as const) {
    const prefix = PREFIXES[endpoint]
    const uid = label.slice(prefix.length)
    if (label.startsWith(prefix) && UID.test(uid)) return { instanceUid: uid as InstanceUid, endpoint }
  }
  return undefined
}
