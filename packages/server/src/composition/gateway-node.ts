/**
 * `lakegate serve --role gateway`: one of several gateways. It shares the system database and the master key with
 * control planes that may come and go, and needs none of them to let people in (attack 39).
 */
import { homedir } from 'node:os'
import type { StartGateway } from '../cli/serve-gateway.ts'
import { gatewayDomainOf } from '../config/gateway-settings.ts'
import { dataDirectoryOf, masterKeyFileOf, numberOf, type LoadedSettings } from '../config/load.ts'
import { environmentVariableOf, type SettingName } from '../config/settings.ts'
import { Fault } from '../domain/fault.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { loadMasterKey } from '../keys/master-key.ts'
import { createLog, openStandardError, type LogLevel } from '../observation/log.ts'
import { createWorkspaceAddresses } from '../operations/workspace-addresses.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import { createInstallationStore } from '../store/installation.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { layFoundation } from './foundation.ts'
import { buildGateway, startWorkers } from './gateway.ts'
import { openGatewayHealth } from './gateway-health.ts'
import { readPublicUrl } from './http-address.ts'
import { createListenerAllocator } from './listener-allocator.ts'
import { removeReadyFile, writeReadyFile } from './ready-file.ts'
import { createReloading } from './reload.ts'
import { createShutdown, type Shutdown } from './shutdown.ts'
import { startKeys } from './start-keys.ts'
import { openSharedSystemDatabase } from './system-database.ts'
import { watchClock } from './watch-clock.ts'

/** @throws Fault with what failed and what to do; whatever was started until then is stopped again */
export const startGateway: StartGateway = async (settings, progress) => {
  const shutdown = createShutdown()
  try {
    return await progress.step('Gateway', () => start(settings, shutdown))
  } catch (error) {
    await shutdown.run()
    throw error
  }
}

async function start(settings: LoadedSettings, shutdown: Shutdown): ReturnType<StartGateway> {
  const clock = () => new Date()
  const log = createLog(settings['log-level'].value as LogLevel, openStandardError())
  const domain = gatewayDomainOf(settings)
  if (domain === undefined) throw missing('gateway-domain', 'several gateways tell instances apart by name')
  const publicUrl = readPublicUrl(settings)
  if (publicUrl === undefined) throw missing('public-url', 'it is part of the issuer of every token')
  const readyFile = settings['ready-file'].value
  if (readyFile !== undefined) await removeReadyFile(readyFile)

  const health = await openGatewayHealth(settings, log)
  // Closed last: until then it says that the gateway goes.
  shutdown.add('health', () => health.close())
  const { database, address, stop } = openSharedSystemDatabase(settings['database-url'].value, log)
  shutdown.add('system database', stop)
  const workers = startWorkers(settings, log)
  shutdown.add('workers of the gateway', async () => workers?.drain(0))
  const installation = await createInstallationStore(database).loadInstallation()
  if (installation === undefined) throw nothingThere()
  const masterKeyFile = masterKeyFileOf(settings, dataDirectory(settings))
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
  shutdown.add('administrative connections', () => foundation.connections.closeAll())
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
  shutdown.add('gateway', async () => {
    await health.announceEnd((numberOf(current['drain-notice-seconds']) ?? 0) * 1000)
    await gateway.drain()
  })
  await gateway.reconcileListeners()
  await health.serve(foundation, gateway)
  const reloading = createReloading(
    settings,
    async (next) => {
      await gateway.reload(next)
      current = next
      log.setLevel(next['log-level'].value as LogLevel)
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
  log.info({ domain, addresses, health: health.url }, 'the gateway is ready')
  return {
    domain,
    addresses,
    healthUrl: health.url,
    stop: () => shutdown.run(),
    hurry: () => {
      health.hurry()
      gateway.hurry()
    },
    reload: (read) => reloading.reload(read),
  }
}

const dataDirectory = (settings: LoadedSettings): string =>
  dataDirectoryOf(settings, {
    isRoot: process.getuid?.() === 0,
    home: homedir(),
    xdgDataHome: process.env['XDG_DATA_HOME'],
  })

const missing = (name: SettingName, reason: string): Fault =>
  new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message: `The setting ${name} is not set, and a gateway of its own needs it: ${reason}.`,
    nextStep: `Set ${environmentVariableOf(name)} to the same as for the control plane.`,
  })

const nothingThere = (): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: 'There is no installation of Lakegate in this system database.',
    nextStep: 'Start a control plane on it first: lakegate serve --role control.',
  })
