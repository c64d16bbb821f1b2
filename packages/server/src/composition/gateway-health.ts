/** Health of a gateway without a control plane: whether it is alive, and whether it can accept logins. */
import { setTimeout as pause } from 'node:timers/promises'
import type { LoadedSettings } from '../config/load.ts'
import { openHealthServer } from '../http/health-server.ts'
import type { HealthCheck } from '../http/api/health.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import type { Foundation } from './foundation.ts'
import type { RunningGateway } from './gateway.ts'
import { buildMetricsHandler } from './metrics.ts'

export interface GatewayHealth {
  readonly url: string
  serve(foundation: Foundation, gateway: RunningGateway): Promise<void>
  /** Reports «not ready» from now on; resolves after noticeMs, so that load balancers have time to notice. */
  announceEnd(noticeMs: number): Promise<void>
  /** Ends the wait of `announceEnd` at once. */
  endNotice(): void
  close(): Promise<void>
}

/** @throws Fault health_port_taken, health_address_unusable */
export async function openGatewayHealth(
  settings: LoadedSettings,
  log: Foundation['log'],
): Promise<GatewayHealth> {
  const host = settings['gateway-health-host'].value
  const server = await openHealthServer({ host, port: settings['gateway-health-port'].value }, log)
  const noticeEnd = new AbortController()
  let isEnding = false
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(server.port)}`,
    async serve({ database, metrics }, gateway) {
      const processes = check('processes', () => gateway.processes() > 0)
      server.serve({
        alive: [processes],
        ready: [
          check('stopping', () => !isEnding),
          processes,
          check('listener', () => gateway.sharedAddresses().length > 0),
          { name: 'system_database', check: async () => void (await askDatabaseTime(database)) },
        ],
        metrics: await buildMetricsHandler(settings, metrics, () => gateway.measure()),
      })
    },
    async announceEnd(noticeMs) {
      isEnding = true
      if (noticeMs > 0) await pause(noticeMs, undefined, { signal: noticeEnd.signal }).catch(() => undefined)
    },
    endNotice: () => {
      noticeEnd.abort()
    },
    close: () => server.close(),
  }
}

const check = (name: string, isGood: () => boolean): HealthCheck => ({
  name,
  check: () => (isGood() ? Promise.resolve() : Promise.reject(new Error(`${name}: not as it should be`))),
})
