/** Decides which instance a connection is for: by the address it reached, or by its TLS server name. */
import { refused } from '../../operations/refused-error.ts'
import { findInstanceRoute, type InstanceRoute } from './instance-route.ts'
import type { ConnectionTarget } from '../settings.ts'

/**
 * @throws RefusedError server_name_missing (behaviour 15), instance_not_reachable (behaviour 16): both are sent inside
 * TLS, where the client trusts them
 */
export function routeOf(
  { instanceUid, endpoint }: ConnectionTarget,
  serverName: string | undefined,
  domain: string | undefined,
): InstanceRoute {
  if (instanceUid !== undefined) return { instanceUid, endpoint: endpoint ?? 'direct' }
  if (serverName === undefined) throw refused('server_name_missing')
  const route = domain === undefined ? undefined : findInstanceRoute(serverName, domain)
  if (route === undefined || route.endpoint === 'read-only') {
    const reason =
      route === undefined ? 'No database instance has this host name.' : 'The instance has no such endpoint.'
    throw refused('instance_not_reachable', { reason })
  }
  return route
}
