/**
 * `lakegate serve --role gateway`: one of several gateways. It shares the system database and the master key with
 * control planes, and accepts logins while none of them runs (attack 39).
 */
import type { StartGateway } from '../cli/serve-gateway.ts'
import { checkServes } from '../config/check-together.ts'
import { gatewayDomainOf, publicUrlOf } from '../config/gateway-settings.ts'
import type { LoadedSettings } from '../config/load.ts'
import { checkOnDisk } from '../config/on-disk.ts'
import { Fault } from '../domain/fault.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { loadMasterKey } from '../keys/master-key.ts'
import type { Installation } from '../operations/ports/installation.ts'
import { createWorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import { createInstallationStore } from '../store/installation.ts'
import { isUndefinedTable, type SystemDatabase } from '../store/system-database.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { dataDirectoryHere, masterKeyFileIn } from './data-directory.ts'
import { layFoundation } from './foundation.ts'
import { buildGateway, startWorkers } from './gateway.ts'
import { openGatewayHealth } from './gateway-health.ts'
import { createListenerAllocator } from './listener-allocator.ts'
import { logLevelOf, openProcessLog } from './process-log.ts'
import { removeReadyFile, writeReadyFile } from './ready-file.ts'
import { createReloading } from './reload.ts'
import { openTogether, type Shutdown } from './shutdown.ts'
import { describeGateway, leaveRunningRecord } from './running-record.ts'
import { startKeys } from './start-keys.ts'
import { createStopNotice } from './stop-notice.ts'
import { openSharedSystemDatabase } from './system-database.ts'
import { watchClock } from './watch-clock.ts'

/** @throws Fault that says what failed and what to do; everything started before the failure is stopped again */
export const startGateway: StartGateway = (settings, progress) =>
  progress.step('Gateway', () => openTogether((shutdown) => start(settings, shutdown)))

async function start(settings: LoadedSettings, shutdown: Shutdown): ReturnType<StartGateway> {
  const clock = () => new Date()
  const log = openProcessLog(settings)
  const domain = gatewayDomainOf(settings) ?? ''
  const publicUrl = publicUrlOf(settings) ?? ''
  const readyFile = settings['ready-file'].value
  if (readyFile !== undefined) await removeReadyFile(readyFile)
  checkServes(settings, 'gateway')
  await checkOnDisk(settings)

  const health = await openGatewayHealth(settings, log)
  // Closed last: until then it reports that the gateway is stopping.
  shutdown.add('health', () => health.close())
  const { database, address, stop } = await openSharedSystemDatabase(settings['database-url'].value, log)
  shutdown.add('system database', stop)
  const installation = await findInstallation(database)
  if (installation === undefined) throw nothingThere()
  const workers = startWorkers(settings, log)
  shutdown.add('workers of the gateway', async () => workers?.drain(0))
  const masterKeyFile = masterKeyFileIn(settings, dataDirectoryHere(settings))
  const foundation = layFoundation({
    clock,
    log,
    database,
    address,
    encryption: createKeyEncryption(await loadMasterKey(masterKeyFile)),
    listeners: createListenerAllocator(settings),
    addresses: createWorkspaceAddresses(
      { workspaces: createWorkspaceStore(database), clock },
      { publicUrl, accountId: installation.accountId },
    ),
  })
  shutdown.add(
    'comparison of clocks',
    watchClock({ ...foundation, askDatabaseTime: () => askDatabaseTime(database) }),
  )
  shutdown.add('administrative connections', () => foundation.clusters.connections.closeAll())
  shutdown.add('audit', () => foundation.audit.stop())
  await startKeys(foundation, installation)
  const gateway = await buildGateway(foundation, settings, {
    workers,
    address,
    publicUrl,
    accountId: installation.accountId,
    masterKeyFile,
    recordsListeners: false,
  })
  let current = settings
  const notice = createStopNotice()
  shutdown.add('gateway', async () => {
    await notice.give(current['drain-notice-seconds'].value * 1000)
    await gateway.drain()
  })
  await gateway.reconcileListeners()
  await health.serve(foundation, gateway, notice.check)
  const reloading = createReloading(
    settings,
    async (next) => {
      await gateway.reload(next)
      current = next
      log.setLevel(logLevelOf(next))
    },
    log,
  )
  shutdown.add('watch over certificate files', () => {
    reloading.stop()
    return Promise.resolve()
  })
  const addresses = gateway.sharedAddresses()
  if (readyFile !== undefined) {
    await writeReadyFile(readyFile, { gateway: addresses, health_url: health.url })
    shutdown.add('ready file', () => removeReadyFile(readyFile))
  }
  shutdown.add(
    'record of what runs',
    await leaveRunningRecord(
      dataDirectoryHere(settings),
      { role: 'gateway', health_url: health.url, gateway: describeGateway(settings) },
      log,
    ),
  )
  log.info({ domain, addresses, health: health.url }, 'the gateway is ready')
  return {
    domain,
    addresses,
    healthUrl: health.url,
    stop: () => shutdown.run(),
    endDrain: () => {
      notice.end()
      gateway.endDrain()
    },
    reload: (read) => reloading.reload(read),
  }
}

/** A database in which no control plane has worked yet has no tables. */
async function findInstallation(database: SystemDatabase): Promise<Installation | undefined> {
  try {
    return await createInstallationStore(database).loadInstallation()
  } catch (error) {
    if (isUndefinedTable(error)) return undefined
    throw error
  }
}

const nothingThere = (): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: 'There is no installation of Lakegate in this system database.',
    nextStep: 'Start a control plane on it first: lakegate serve --role control.',
  })
