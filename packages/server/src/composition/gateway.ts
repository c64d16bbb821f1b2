/**
 * Builds the gateway on the same foundation as the control plane; they share nothing else. This process listens;
 * connections are served in this process or by workers.
 */
import { randomUUID } from 'node:crypto'
import { packageFile } from '../domain/package-files.ts'
import { gatewayAddressesOf, gatewayDomainOf } from '../config/gateway-settings.ts'
import type { LoadedSettings } from '../config/load.ts'
import type { StandInPort } from '../domain/stand-in-port.ts'
import { createCounters } from '../gateway/connection-limits.ts'
import { createGateway } from '../gateway/listening/gateway.ts'
import type { Serving } from '../gateway/serving.ts'
import { fromWire, toWire, type CancelByWire } from '../gateway/workers/messages.ts'
import { serveByWorkers, type ServingByWorkers } from '../gateway/workers/serve-by-workers.ts'
import type { Log } from '../observation/log.ts'
import type { MetricsSnapshot } from '../observation/metrics.ts'
import { createCancelNotices } from '../store/cancel-notices.ts'
import { createFailedLogins } from '../operations/login/failed-login-brake.ts'
import type { SystemDatabaseAddress } from '../store/system-database.ts'
import { openCertificateSource } from './certificates.ts'
import type { Foundation } from './foundation.ts'
import { buildServing } from './serving.ts'
import { openTogether, type Shutdown } from './shutdown.ts'
import { gatewayRuntimesOf } from './gateway-runtime.ts'
import { workerCountOf } from './worker-count.ts'
import { describeToWorkers, type WorkerSetup } from './worker-setup.ts'

const WORKER_PROGRAM = packageFile('dist/gateway-worker.js')

export interface RunningGateway {
  /** @throws Fault gateway_port_taken, gateway_address_unusable */
  reconcileListeners(): Promise<void>
  sharedAddresses(): readonly { readonly host: string; readonly port: number }[]
  /** Endpoints that listen on another port than their own, because theirs is taken. */
  standIns(): readonly StandInPort[]
  /** Accepts no new connections, and gives open sessions the time that the settings allow. */
  drain(): Promise<void>
  /** Ends the wait of a drain: sessions are ended now. */
  endDrain(): void
  /** @throws Fault; nothing has changed then */
  reload(settings: LoadedSettings): Promise<void>
  /** How many processes take connections now. */
  processes(): number
  /** The metrics of the other processes of this gateway. */
  measure(): Promise<readonly MetricsSnapshot[]>
}

/** What serves connections, in this process or in workers, with the methods that only the composition needs. */
interface ReloadableServing extends Serving {
  reload(settings: LoadedSettings): Promise<void>
  measure(): Promise<readonly MetricsSnapshot[]>
}

export type GatewayWorkers = ServingByWorkers<WorkerSetup, MetricsSnapshot>

/**
 * Called before anything else, because a process takes a moment to load.
 * @returns undefined when this process serves connections itself
 * @throws Fault gateway_runtime_missing
 */
export function startWorkers(settings: LoadedSettings, log: Log): GatewayWorkers | undefined {
  const count = workerCountOf(settings)
  return count === 0
    ? undefined
    : serveByWorkers<WorkerSetup, MetricsSnapshot>({
        ...{ entry: WORKER_PROGRAM, count, log },
        runtimes: gatewayRuntimesOf(settings),
      })
}

interface GatewayParts {
  readonly workers: GatewayWorkers | undefined
  readonly address: SystemDatabaseAddress
  readonly publicUrl: string
  readonly accountId: WorkerSetup['accountId']
  readonly masterKeyFile: string
  /** Whether this process records the addresses of instances in the system database. */
  readonly recordsListeners: boolean
}

/** @throws what one of its parts threw; the parts opened before it are closed again */
export function buildGateway(
  foundation: Foundation,
  settings: LoadedSettings,
  parts: GatewayParts,
): Promise<RunningGateway> {
  return openTogether((shutdown) => build(foundation, settings, parts, shutdown))
}

async function build(
  foundation: Foundation,
  settings: LoadedSettings,
  parts: GatewayParts,
  shutdown: Shutdown,
): Promise<RunningGateway> {
  const { log, stores } = foundation
  const domain = gatewayDomainOf(settings)
  let current = settings
  const notices =
    domain === undefined
      ? undefined
      : createCancelNotices(parts.address, foundation.database, {
          node: randomUUID(),
          onRequest: (request) => {
            serving.cancel(fromWire(request))
          },
          onNotSent: (error) => {
            log.warn({ err: error }, 'a cancel request could not be sent to the other gateways')
          },
          onLost: (error) => {
            log.warn({ err: error }, 'the connection that receives cancel requests was lost')
          },
          confirmMasterKey: foundation.confirmMasterKey,
        })
  const cancelElsewhere = (request: CancelByWire): void => {
    notices?.send(request)
  }
  const serving =
    parts.workers === undefined
      ? await serveInThisProcess(foundation, settings, cancelElsewhere)
      : await serveInWorkers(foundation, settings, parts.workers, cancelElsewhere, parts)
  shutdown.add('what serves connections', () => serving.drain(0))
  shutdown.add('notices of cancel requests', async () => notices?.stop())
  foundation.metrics.read('lakegate_gateway_processes', () => [{ value: serving.processes() }])
  await notices?.start()
  const gateway = createGateway(
    { instances: parts.recordsListeners ? stores.instances : undefined, log },
    {
      port: settings['gateway-port'].value,
      addresses: gatewayAddressesOf(settings),
      domain,
      hasPooledEndpoints: settings['pooled-endpoint'].value,
    },
    serving,
  )
  foundation.changes.onInstanceChange(() => {
    // The failure was logged where it happened; the next change or start tries again.
    gateway.reconcileListeners().catch(() => undefined)
  })
  return {
    reconcileListeners: () => gateway.reconcileListeners(),
    sharedAddresses: () => gateway.sharedAddresses(),
    standIns: () => gateway.standIns(),
    async drain() {
      await gateway.stopListening()
      await notices?.stop()
      await serving.drain(current['drain-seconds'].value * 1000)
    },
    endDrain: () => {
      serving.endDrain()
    },
    async reload(next) {
      await serving.reload(next)
      current = next
    },
    processes: () => serving.processes(),
    measure: () => serving.measure(),
  }
}

async function serveInThisProcess(
  foundation: Foundation,
  settings: LoadedSettings,
  cancelElsewhere: (request: CancelByWire) => void,
): Promise<ReloadableServing> {
  const failedLogins = createFailedLogins()
  const { serving, reload } = await buildServing(foundation, settings, {
    counters: createCounters(),
    brake: (question) => Promise.resolve(failedLogins.answer(question)),
    cancelElsewhere: (request) => {
      cancelElsewhere(toWire(request))
    },
    processes: 1,
  })
  return { ...serving, reload, measure: () => Promise.resolve([]) }
}

async function serveInWorkers(
  foundation: Foundation,
  settings: LoadedSettings,
  workers: GatewayWorkers,
  cancelElsewhere: (request: CancelByWire) => void,
  parts: Omit<Parameters<typeof describeToWorkers>[0], 'settings' | 'workers'>,
): Promise<ReloadableServing> {
  const describe = (current: LoadedSettings) =>
    describeToWorkers({ ...parts, settings: current, workers: workers.count })
  // Loaded here first: a file that cannot be used is then refused once, to the caller, and not by every worker.
  const certificates = await openCertificateSource(foundation, settings)
  await workers.start(describe(settings), cancelElsewhere)
  return {
    listen: (address, target) => workers.listen(address, target),
    cancel: (request) => {
      workers.cancel(request)
    },
    drain: (limitMs) => workers.drain(limitMs),
    endDrain: () => {
      workers.endDrain()
    },
    processes: () => workers.processes(),
    measure: () => workers.measure(),
    async reload(next) {
      await certificates.reload(next)
      workers.reload(describe(next))
    },
  }
}
