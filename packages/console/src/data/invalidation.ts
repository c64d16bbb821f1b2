/** Which cached data a hint invalidates. Data that a page shows is read again at once, other data when it is shown. */
import type { ConsoleEvent } from '@lakegate/client'
import type { QueryClient, QueryKey } from '@tanstack/react-query'

/** Everything that hints may name. */
const LIVE_KEYS: readonly QueryKey[] = [['instances'], ['sessions'], ['audit'], ['rights']]

export function invalidateFor(queries: QueryClient, hint: ConsoleEvent): void {
  switch (hint.event) {
    case 'instance':
      void queries.invalidateQueries({ queryKey: ['instances'], exact: true })
      void queries.invalidateQueries({ queryKey: ['instances', hint.data.name] })
      // The number of instances that may still be created.
      void queries.invalidateQueries({ queryKey: ['rights'] })
      return
    case 'sessions':
      void queries.invalidateQueries({ queryKey: ['sessions'], exact: true })
      void queries.invalidateQueries({ queryKey: ['sessions', hint.data.instance] })
      return
    case 'audit':
      void queries.invalidateQueries({ queryKey: ['audit'] })
      return
    case 'resync':
      invalidateLive(queries)
      return
    case 'session_over':
    case 'version':
      return
  }
}

/** Hints were missed, or there are none: invalidates everything that may have changed. */
export function invalidateLive(queries: QueryClient): void {
  for (const queryKey of LIVE_KEYS) void queries.invalidateQueries({ queryKey })
}
