/** What a worker of the gateway is told of the rest of the system, over its pipe; as JSON, secrets in clear. */
import type { LoadedSettings } from '../config/load.ts'
import type { AccountId } from '../domain/ids.ts'
import { Redacted } from '../domain/redacted.ts'
import type { SystemDatabaseAddress } from '../store/system-database.ts'

export interface WorkerSetup {
  /** Without those that are secret. */
  readonly settings: LoadedSettings
  readonly publicUrl: string
  readonly accountId: AccountId
  readonly database:
    { readonly url: string } | { readonly socket: SystemDatabaseAddress & { kind: 'socket' } }
  readonly poolSize: number
  /** How many workers there are. */
  readonly workers: number
  /** Read by each worker for itself. */
  readonly masterKeyFile: string
}

/** Of the system database's connections all workers together get about this many. */
const CONNECTIONS_OF_ALL_WORKERS = 40

export function describeToWorkers(parts: {
  readonly settings: LoadedSettings
  readonly publicUrl: string
  readonly accountId: AccountId
  readonly address: SystemDatabaseAddress
  readonly workers: number
  readonly masterKeyFile: string
}): WorkerSetup {
  const { address, workers, settings, ...rest } = parts
  return {
    ...rest,
    workers,
    settings: withoutSecrets(settings),
    database: address.kind === 'url' ? { url: address.url.reveal() } : { socket: address },
    poolSize: Math.min(10, Math.max(3, Math.floor(CONNECTIONS_OF_ALL_WORKERS / Math.max(workers, 1)))),
  }
}

export const addressFrom = ({ database }: WorkerSetup): SystemDatabaseAddress =>
  'url' in database ? { kind: 'url', url: new Redacted(database.url) } : database.socket

const withoutSecrets = (settings: LoadedSettings): LoadedSettings => ({
  ...settings,
  'database-url': { value: undefined, source: settings['database-url'].source },
})
