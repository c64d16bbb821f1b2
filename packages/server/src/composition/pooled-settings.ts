/** The settings of the pooled endpoint: for the gateway, and for the instances behind it. */
import { numberOf, type LoadedSettings } from '../config/load.ts'
import type { PooledSettings } from '../gateway/settings.ts'

/** @param processes that serve the same instances: each has its share of the backends, and one at least */
export function pooledSettings(settings: LoadedSettings, processes: number): PooledSettings | undefined {
  if (settings['pooled-endpoint'].value === 'off') return undefined
  const share = (all: number) => Math.ceil(all / Math.max(1, processes))
  return {
    backendsPerPool: share(numberOf(settings['pool-size']) ?? 20),
    backendsPerInstance: share(mostBackendsOfPools(settings)),
    sessionsPerInstance: numberOf(settings['pooled-sessions-per-instance']) ?? 10_000,
    waitMs: (numberOf(settings['pool-wait-seconds']) ?? 60) * 1000,
    idleMs: (numberOf(settings['pool-idle-seconds']) ?? 300) * 1000,
    lifetimeMs: (numberOf(settings['pool-lifetime-seconds']) ?? 3600) * 1000,
  }
}

/** How many sessions an instance takes at one gateway, at either endpoint. */
export const sessionLimitsOf = (settings: LoadedSettings) => ({
  direct: numberOf(settings['connections-per-instance']) ?? 1000,
  pooled: pooledSettings(settings, 1)?.sessionsPerInstance,
})

/** What PostgreSQL must have places for: direct sessions, and the backends of pools besides. */
export const connectionsOfInstance = (settings: LoadedSettings): number =>
  (numberOf(settings['connections-per-instance']) ?? 1000) +
  (settings['pooled-endpoint'].value === 'off' ? 0 : mostBackendsOfPools(settings))

const mostBackendsOfPools = (settings: LoadedSettings): number =>
  numberOf(settings['pool-size-per-instance']) ?? 200
