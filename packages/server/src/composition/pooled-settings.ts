/** The settings of the pooled endpoint, for the gateway and for the instances behind it. */
import type { LoadedSettings } from '../config/load.ts'
import type { PooledSettings } from '../gateway/settings.ts'

/** @param processes number that serve the same instances: each gets an equal share of the backends, at least one */
export function pooledSettings(settings: LoadedSettings, processes: number): PooledSettings | undefined {
  if (!settings['pooled-endpoint'].value) return undefined
  const share = (all: number) => Math.ceil(all / Math.max(1, processes))
  return {
    backendsPerPool: share(settings['pool-size'].value),
    backendsPerInstance: share(mostBackendsOfPools(settings)),
    sessionsPerInstance: settings['pooled-sessions-per-instance'].value,
    waitMs: settings['pool-wait-seconds'].value * 1000,
    idleMs: settings['pool-idle-seconds'].value * 1000,
    lifetimeMs: settings['pool-lifetime-seconds'].value * 1000,
  }
}

/** How many sessions an instance accepts at one gateway, at each of its endpoints. */
export const sessionLimitsOf = (settings: LoadedSettings) => ({
  direct: settings['connections-per-instance'].value,
  pooled: pooledSettings(settings, 1)?.sessionsPerInstance,
})

/** How many connections PostgreSQL must allow: direct sessions, plus the backends of pools. */
export const connectionsOfInstance = (settings: LoadedSettings): number =>
  settings['connections-per-instance'].value +
  (settings['pooled-endpoint'].value ? mostBackendsOfPools(settings) : 0)

const mostBackendsOfPools = (settings: LoadedSettings): number => settings['pool-size-per-instance'].value
