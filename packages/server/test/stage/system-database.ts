/** A migrated system database on a PostgreSQL of its own, for tests of the store. Stopped and removed at the end. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findBinaries } from '../../src/instances/embedded/binaries.ts'
import { startCluster, stopCluster } from '../../src/instances/embedded/cluster.ts'
import type { ClusterDefinition } from '../../src/instances/embedded/cluster-definition.ts'
import { chooseAccount } from '../../src/instances/embedded/operating-system-account.ts'
import { createDatabaseIfMissing, migrate } from '../../src/store/migrate.ts'
import {
  openSystemDatabase,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from '../../src/store/system-database.ts'
import { unsyncedPostgres } from './unsynced-postgres.ts'

export interface TestSystemDatabase {
  readonly database: SystemDatabase
  readonly address: SystemDatabaseAddress
  stop(): Promise<void>
}

export async function startTestSystemDatabase(): Promise<TestSystemDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-store-'))
  // The account that runs PostgreSQL must be able to pass through when the tests run as root.
  await chmod(directory, 0o711)
  const account = chooseAccount(undefined)
  const cluster: ClusterDefinition = {
    id: 'system',
    directory: path.join(directory, 'system'),
    binaries: await findBinaries({
      directory: unsyncedPostgres(),
      copyTo: path.join(directory, 'postgresql'),
      account,
    }),
    account,
    superuser: 'cloud_admin',
    expectedIdentifier: undefined,
    configuration: { maxConnections: 50, sharedBuffersMegabytes: 128, extensionDirectory: undefined },
  }
  const { socketDirectory } = await startCluster(cluster)
  const address = {
    kind: 'socket',
    directory: socketDirectory,
    user: 'cloud_admin',
    database: 'lakegate',
  } as const
  await createDatabaseIfMissing(address)
  const database = openSystemDatabase(address, () => undefined)
  await migrate(database)
  return {
    database,
    address,
    async stop() {
      await database.destroy()
      await stopCluster(cluster)
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
