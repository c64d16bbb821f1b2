/**
 * `lakegate up`: builds and starts everything on this machine, phase by phase, and stops it in reverse. The only place
 * that reads the clock and the source of randomness.
 */
import type { Progress } from '../cli/progress.ts'
import type { Output, RunningLakegate, StartEverything } from '../cli/up.ts'
import type { LoadedSettings } from '../config/load.ts'
import type { Log } from '../observation/log.ts'
import { announce } from './announcement.ts'
import { logLevelOf } from './process-log.ts'
import { describeGateway, leaveRunningRecord } from './running-record.ts'
import { healthUrlOf } from './http-address.ts'
import { createReloading, type Reloading } from './reload.ts'
import { openTogether, type Shutdown } from './shutdown.ts'
import { startFoundation, type StartContext, type Role } from './start-foundation.ts'
import { startInstances } from './start-instances.ts'
import { startServing, type Serving } from './start-serving.ts'
import { createStopNotice } from './stop-notice.ts'

/** @throws Fault that says what failed and what to do; everything started before the failure is stopped again */
export const startEverything: StartEverything = (settings, progress, output) =>
  openTogether((shutdown) => start('everything', settings, progress, output, shutdown))

/**
 * `lakegate serve --role control`: the same without listeners for PostgreSQL; several may run side by side. Its
 * instances keep running when it stops.
 * @throws Fault as above
 */
export const startControlPlane: StartEverything = (settings, progress, output) =>
  openTogether((shutdown) => start('control', settings, progress, output, shutdown))

async function start(
  role: Role,
  settings: LoadedSettings,
  progress: Progress,
  output: Output,
  shutdown: Shutdown,
): Promise<RunningLakegate> {
  const context = await startFoundation(role, settings, progress, output, shutdown)
  const notice = createStopNotice()
  const serving = await progress.step('Control plane and gateway', () =>
    startServing(context, notice.check, shutdown),
  )
  const instances = await progress.step('Database instances', () =>
    startInstances(context, serving, shutdown),
  )
  const reloading = startReloading(context, serving, shutdown)
  await leaveRecord(context, shutdown)
  const facts = await announce(context, serving, instances, output, shutdown)
  // Added last, so that until its end everything else works as before.
  shutdown.add('notice to load balancers', () =>
    notice.give(reloading.settings()['drain-notice-seconds'].value * 1000),
  )
  return {
    facts,
    stop: () => shutdown.run(),
    endDrain: () => {
      notice.end()
      serving.gateway?.endDrain()
    },
    reload: (read) => reloading.reload(read),
  }
}

async function leaveRecord(
  { role, settings, machine, http, log }: StartContext,
  shutdown: Shutdown,
): Promise<void> {
  const remove = await leaveRunningRecord(
    machine.dataDirectory,
    {
      role,
      public_url: http.publicUrl,
      health_url: healthUrlOf(settings, http.listener.port),
      ...(role === 'control' ? {} : { gateway: describeGateway(settings) }),
    },
    log,
  )
  shutdown.add('record of what runs', remove)
}

function startReloading(
  { settings, https, log }: StartContext,
  { gateway }: Serving,
  shutdown: Shutdown,
): Pick<Reloading, 'reload'> & { readonly settings: () => LoadedSettings } {
  let current = settings
  const reloading = createReloading(
    settings,
    async (next) => {
      const showCertificate = await https.prepare(next)
      await gateway?.reload(next)
      showCertificate()
      log.setLevel(logLevelOf(next))
      warnOfSmallerClusters(settings, next, log)
      current = next
    },
    log,
  )
  shutdown.add('watch over certificate files', () => {
    reloading.stop()
    return Promise.resolve()
  })
  return { reload: (read) => reloading.reload(read), settings: () => current }
}

/** PostgreSQL reads max_connections only when it starts, so a higher limit of the gateway alone has no effect. */
function warnOfSmallerClusters(started: LoadedSettings, next: LoadedSettings, log: Pick<Log, 'warn'>): void {
  const before = started['connections-per-instance'].value
  if (next['connections-per-instance'].value > before)
    log.warn(
      { settings: ['connections-per-instance'], localInstances: before },
      'the gateway takes more connections now; local instances themselves only after a restart',
    )
}
