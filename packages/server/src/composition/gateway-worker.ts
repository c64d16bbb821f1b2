/** A worker of the gateway: a process that serves connections and nothing else (docs/decisions/0009-gateway-workers.md). */
import { runWorker } from '../gateway/workers/worker.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { loadMasterKey } from '../keys/master-key.ts'
import { createWorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import { openSystemDatabase } from '../store/system-database.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { layFoundation } from './foundation.ts'
import { createListenerAllocator } from './listener-allocator.ts'
import { logLevelOf, openProcessLog } from './process-log.ts'
import { buildServing } from './serving.ts'
import { startKeys } from './start-keys.ts'
import { addressFrom, type WorkerSetup } from './worker-setup.ts'

runWorker<WorkerSetup>(async (setup, shared) => {
  const clock = () => new Date()
  const { settings } = setup
  const log = openProcessLog(settings)
  const address = addressFrom(setup)
  const database = openSystemDatabase(
    address,
    (error) => {
      log.warn({ err: error }, 'a connection to the system database was lost')
    },
    setup.poolSize,
  )
  const foundation = layFoundation({
    clock,
    log,
    database,
    address,
    encryption: createKeyEncryption(await loadMasterKey(setup.masterKeyFile)),
    listeners: createListenerAllocator(settings),
    addresses: createWorkspaceAddresses(
      { workspaces: createWorkspaceStore(database), clock },
      { publicUrl: setup.publicUrl, accountId: setup.accountId },
    ),
  })
  // The process that started this worker has made the keys.
  await startKeys(foundation, { isComplete: true })
  const { serving, reload } = await buildServing(foundation, settings, {
    ...shared,
    processes: setup.workers,
  })
  return {
    serving,
    measure: () => foundation.metrics.snapshot(),
    stop: () => foundation.audit.stop(),
    async reload(next) {
      try {
        await reload(next.settings)
        log.setLevel(logLevelOf(next.settings))
      } catch (error) {
        log.error({ err: error }, 'the new settings cannot be used; the old ones stay')
      }
    },
  }
})
