/**
 * The first phase of a start: the machine, the port of HTTP, the system database, the installation in it, and the keys.
 * `StartContext` holds what the later phases need.
 */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Progress } from '../cli/progress.ts'
import type { Output } from '../cli/up.ts'
import { checkServes } from '../config/check-together.ts'
import type { LoadedSettings } from '../config/load.ts'
import { checkOnDisk } from '../config/on-disk.ts'
import type { AccountId } from '../domain/ids.ts'
import { writeReadableFile } from '../instances/embedded/own-files.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { loadOrMakeMasterKey } from '../keys/master-key.ts'
import type { ProcessLog } from '../observation/log.ts'
import { prepareInstallation } from '../operations/installation/prepare-installation.ts'
import type { Installation, InstallationStore } from '../operations/ports/installation.ts'
import { createWorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import { createInstallationStore } from '../store/installation.ts'
import { holdsEncryptedKeys } from '../store/signing-keys.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { keepRetention } from './audit.ts'
import type { CertificateSource } from './certificates.ts'
import { masterKeyFileIn } from './data-directory.ts'
import { openFirstAccess, watchFirstAccess, type FirstAccess } from './first-access.ts'
import { lookForFormerInstallation } from './former-installation.ts'
import { layFoundation, type Foundation } from './foundation.ts'
import { startWorkers, type GatewayWorkers } from './gateway.ts'
import { openHttp, type HttpAddress } from './http-address.ts'
import { openHttps } from './https.ts'
import { createListenerAllocator } from './listener-allocator.ts'
import { prepareMachine, type Machine } from './machine.ts'
import { openProcessLog } from './process-log.ts'
import { removeReadyFile } from './ready-file.ts'
import { removeWhatIsOver } from './remove-what-is-over.ts'
import type { Shutdown } from './shutdown.ts'
import { startKeys } from './start-keys.ts'
import { joinSystemDatabase, startSystemDatabase, type RunningSystemDatabase } from './system-database.ts'
import { watchClock } from './watch-clock.ts'
import { listenForWorkspaces } from './workspace-hosts.ts'

/** `everything` includes a gateway; `control` is a control plane beside others. */
export type Role = 'everything' | 'control'

export interface StartContext {
  readonly role: Role
  readonly settings: LoadedSettings
  readonly log: ProcessLog
  readonly machine: Machine
  readonly http: HttpAddress
  readonly https: Pick<CertificateSource, 'prepare'>
  /** Undefined when this process serves connections itself, or has no gateway. */
  readonly workers: GatewayWorkers | undefined
  readonly foundation: Foundation
  readonly installations: InstallationStore
  readonly installation: Installation
  readonly isFirstStart: boolean
  readonly masterKeyFile: string
  readonly caFile: string
  readonly firstAccess: FirstAccess
}

const WORKSPACE_NAME = 'default'

/** @throws Fault; `shutdown` then holds what was opened before */
export async function startFoundation(
  role: Role,
  settings: LoadedSettings,
  progress: Progress,
  { isTemporary }: Pick<Output, 'isTemporary'>,
  shutdown: Shutdown,
): Promise<StartContext> {
  const log = openProcessLog(settings)
  const readyFile = settings['ready-file'].value
  if (readyFile !== undefined) await removeReadyFile(readyFile)
  // What the settings name is checked before a port is bound or a process started.
  if (role === 'control') checkServes(settings, role)
  await checkOnDisk(settings)
  const machine = await progress.step('PostgreSQL', () => prepareMachine(settings, !isTemporary))
  const former = await lookForFormerInstallation(settings, machine.dataDirectory)
  const http = await openHttp(settings, log)
  shutdown.add('HTTP listener', () => http.listener.close())
  const workers = role === 'everything' ? startWorkers(settings, log) : undefined
  shutdown.add('workers of the gateway', async () => workers?.drain(0))
  const system = await progress.step('System database', () =>
    role === 'everything'
      ? startSystemDatabase(machine, settings['database-url'].value, former.refuseSystemDatabase, log)
      : joinSystemDatabase(settings['database-url'].value, log),
  )
  shutdown.add('system database', () => system.stop())

  const installations = createInstallationStore(system.database)
  const installation = await progress.step('Account', async () => {
    if ((await installations.loadInstallation()) === undefined) former.refuseInstallation()
    return prepareInstallation(installations, {
      newAccountId: randomUUID() as AccountId,
      workspaceName: WORKSPACE_NAME,
      adminUserName: settings['admin-user'].value,
      now: clock(),
    })
  })
  const masterKeyFile = masterKeyFileIn(settings, machine.dataDirectory)
  const known = { role, settings, log, machine, http, workers, installations, installation, masterKeyFile }
  return { ...known, ...(await openStores(known, system, progress, shutdown)) }
}

/** Opens the stores with their keys, and starts the tasks that maintain them while this process runs. */
async function openStores(
  { settings, log, machine, http, installation, masterKeyFile }: KnownBefore,
  { database, address }: RunningSystemDatabase,
  progress: Progress,
  shutdown: Shutdown,
): Promise<Omit<StartContext, keyof KnownBefore>> {
  const masterKeys = await loadOrMakeMasterKey(
    masterKeyFile,
    async () => !installation.isComplete && !(await holdsEncryptedKeys(database)),
  )
  const workspaces = createWorkspaceStore(database)
  const addresses = createWorkspaceAddresses(
    { workspaces, clock },
    { publicUrl: http.publicUrl, accountId: installation.accountId },
  )
  await listenForWorkspaces(http.listener, workspaces, installation.accountId, log)
  const firstAccess = await openFirstAccess(machine.dataDirectory, clock(), log)
  const laid = layFoundation({
    clock,
    log,
    database,
    address,
    encryption: createKeyEncryption(masterKeys),
    listeners: createListenerAllocator(settings),
    addresses,
  })
  const foundation = { ...laid, stores: watchFirstAccess(laid.stores, firstAccess) }
  shutdown.add('audit', () => foundation.audit.stop())
  shutdown.add(
    'removal of old audit records',
    keepRetention(foundation.stores.auditRecords, settings, clock, log),
  )
  shutdown.add(
    'comparison of clocks',
    watchClock({ ...foundation, askDatabaseTime: () => askDatabaseTime(database) }),
  )
  shutdown.add('removal of expired records', removeWhatIsOver(foundation.stores, clock, log))
  shutdown.add('administrative connections', () => foundation.clusters.connections.closeAll())
  await progress.step('Keys and certificates', () => startKeys(foundation, installation))
  const caFile = path.join(machine.dataDirectory, 'ca.pem')
  await writeReadableFile(caFile, foundation.authority.certificatePem())
  const https = await openHttps(foundation, settings, http)
  return { https, foundation, isFirstStart: !installation.isComplete, caFile, firstAccess }
}

type KnownBefore = Pick<
  StartContext,
  | 'role'
  | 'settings'
  | 'log'
  | 'machine'
  | 'http'
  | 'workers'
  | 'installations'
  | 'installation'
  | 'masterKeyFile'
>

const clock = () => new Date()
