/** What a gateway worker is told about the rest of the system, over its pipe: JSON, with secrets in clear text. */
import type { LoadedSettings } from '../config/load.ts'
import type { AccountId } from '../domain/ids.ts'
import { Redacted } from '../domain/redacted.ts'
import type { SystemDatabaseAddress } from '../store/system-database.ts'

export interface WorkerSetup {
  /** Without the secret settings. */
  readonly settings: LoadedSettings
  readonly publicUrl: string
  readonly accountId: AccountId
  readonly database:
    { readonly url: string } | { readonly socket: SystemDatabaseAddress & { kind: 'socket' } }
  readonly poolSize: number
  /** How many workers there are. */
  readonly workers: number
  /** Each worker reads the file itself. */
  readonly masterKeyFile: string
}

/** About how many connections to the system database all workers together may open. */
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
