/** Health of a gateway without a control plane: whether it is alive, and whether it can accept logins. */
import type { LoadedSettings } from '../config/load.ts'
import { openHealthServer } from '../http/health-server.ts'
import type { HealthCheck } from '../http/api/health.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import type { Foundation } from './foundation.ts'
import type { RunningGateway } from './gateway.ts'
import { buildMetricsHandler } from './metrics.ts'

export interface GatewayHealth {
  readonly url: string
  /** @param stopping of the notice that is given before a stop */
  serve(foundation: Foundation, gateway: RunningGateway, stopping: HealthCheck): Promise<void>
  close(): Promise<void>
}

/** @throws Fault health_port_taken, health_address_unusable */
export async function openGatewayHealth(
  settings: LoadedSettings,
  log: Foundation['log'],
): Promise<GatewayHealth> {
  const host = settings['gateway-health-host'].value
  const server = await openHealthServer({ host, port: settings['gateway-health-port'].value }, log)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(server.port)}`,
    async serve({ database, metrics }, gateway, stopping) {
      const processes = check('processes', () => gateway.processes() > 0)
      server.serve({
        alive: [processes],
        ready: [
          stopping,
          processes,
          check('listener', () => gateway.sharedAddresses().length > 0),
          { name: 'system_database', check: async () => void (await askDatabaseTime(database)) },
        ],
        metrics: await buildMetricsHandler(settings, metrics, () => gateway.measure()),
      })
    },
    close: () => server.close(),
  }
}

const check = (name: string, isGood: () => boolean): HealthCheck => ({
  name,
  check: () => (isGood() ? Promise.resolve() : Promise.reject(new Error(`${name}: not as it should be`))),
})
