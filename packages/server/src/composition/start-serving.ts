/** The second and third phase of a start: the control plane, and the gateway where this process has one. */
import { httpProxiesOf } from '../config/gateway-settings.ts'
import type { HealthCheck } from '../http/api/health.ts'
import type { MetricsSnapshot } from '../observation/metrics.ts'
import { buildControlPlane, type ControlPlane } from './control-plane.ts'
import { gatewayAuthoritiesOf } from './gateway-authorities.ts'
import { buildGateway, type RunningGateway } from './gateway.ts'
import { buildLive, type Live } from './live.ts'
import { buildMetricsHandler } from './metrics.ts'
import { connectionsOfInstance, sessionLimitsOf } from './pooled-settings.ts'
import type { Shutdown } from './shutdown.ts'
import { loadSignInProvider } from './sign-in-provider.ts'
import type { StartContext } from './start-foundation.ts'

export interface Serving {
  readonly controlPlane: ControlPlane
  /** Undefined when other processes serve PostgreSQL clients. */
  readonly gateway: RunningGateway | undefined
}

/** @param stopping of the notice that is given before a stop */
export async function startServing(
  context: StartContext,
  stopping: HealthCheck,
  shutdown: Shutdown,
): Promise<Serving> {
  const { foundation } = context
  const live = buildLive(foundation)
  /** Reads the metrics of the other processes of this node, which the gateway starts. */
  let measureOthers: RunningGateway['measure'] = () => Promise.resolve([])
  const controlPlane = await openControlPlane(context, { live, stopping }, () => measureOthers())
  shutdown.add('notices of changed instances', () => foundation.changes.stop())
  await foundation.changes.start()
  if (context.role === 'control') {
    await serveHttp(controlPlane, live, shutdown)
    return { controlPlane, gateway: undefined }
  }
  shutdown.add('inquiry', () => controlPlane.inquiry.stop())
  await controlPlane.inquiry.start()
  await serveHttp(controlPlane, live, shutdown)
  const gateway = await buildGateway(foundation, context.settings, {
    workers: context.workers,
    address: foundation.address,
    publicUrl: context.http.publicUrl,
    accountId: context.installation.accountId,
    masterKeyFile: context.masterKeyFile,
    recordsListeners: true,
  })
  measureOthers = () => gateway.measure()
  return { controlPlane, gateway }
}

async function openControlPlane(
  { foundation, machine, installation, http, settings }: StartContext,
  edges: { readonly live: Live; readonly stopping: HealthCheck },
  measureOthers: () => Promise<readonly MetricsSnapshot[]>,
): Promise<ControlPlane> {
  return buildControlPlane(
    foundation,
    machine,
    installation,
    {
      httpListener: http.listener,
      metrics: await buildMetricsHandler(settings, foundation.metrics, measureOthers),
      ...edges,
    },
    {
      publicUrl: http.publicUrl,
      plainHttp: settings['plain-http'].value,
      instancesPerWorkspace: settings['instances-per-workspace'].value,
      connectionsOfInstance: connectionsOfInstance(settings),
      sessionLimits: sessionLimitsOf(settings),
      sessionIdleSeconds: settings['session-idle-seconds'].value,
      replicationSlotMegabytes: settings['replication-slot-megabytes'].value,
      localInstances: settings['local-instances'].value,
      attachingCallers: settings['attached-instances'].value,
      gatewayAuthorities: gatewayAuthoritiesOf(foundation, settings),
      ownGatewayCertificates: settings['tls-certificate-file'].value === undefined,
      httpProxies: httpProxiesOf(settings),
      ...(await loadSignInProvider(settings)),
    },
  )
}

async function serveHttp({ http }: ControlPlane, live: Live, shutdown: Shutdown): Promise<void> {
  shutdown.add('live events of the console', () => live.stop())
  await live.start()
  await http.start()
  shutdown.add('HTTP', async () => {
    // Otherwise `http.stop` would wait for the streams.
    live.streams.close()
    await http.stop()
  })
}
