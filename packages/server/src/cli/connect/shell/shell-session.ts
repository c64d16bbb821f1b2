/** The shell's session at an instance: one connection of the driver, opened with a token that is fresh. */
import pg, { DatabaseError, type Client, type Connection, type Notification } from 'pg'
import type { SplitOptions } from '@lakegate/sql-text'
import { cancelAtGateway } from '../gateway-connection.ts'
import type { InstanceConnection } from '@lakegate/client'
import { StatementRun, type StatementReceiver } from './statement-run.ts'
import type { ResultColumn, ResultRow } from './result-format.ts'

export type Notice = Pick<DatabaseError, 'severity' | 'code' | 'detail' | 'hint' | 'position' | 'where'> & {
  readonly message?: string | undefined
}

/** What the shell says that nobody asked for at that moment. */
export interface Unasked {
  notice(notice: Notice): void
  notification(notification: Notification): void
}

/** What of the driver's client is not in its types. */
interface DriverClient {
  readonly processID: number
  readonly secretKey: number
  readonly connection: Connection
}

export type TransactionState = 'idle' | 'open' | 'failed'

const CONNECT_LIMIT_MS = 30_000
const WRONG_PASSWORD = '28P01'

export class ShellSession {
  readonly #client: Client
  readonly #target: InstanceConnection
  readonly #settings: ReadonlyMap<string, string>
  #lost: Error | undefined

  private constructor(client: Client, target: InstanceConnection, settings: ReadonlyMap<string, string>) {
    this.#client = client
    this.#target = target
    this.#settings = settings
    client.on('error', (error) => {
      this.#lost ??= error
    })
    client.on('end', () => {
      this.#lost ??= new Error('The connection was closed.')
    })
  }

  /** @throws what the driver throws; a token that is refused although it has not expired is exchanged once */
  static async open(target: InstanceConnection, unasked: Unasked): Promise<ShellSession> {
    try {
      return await ShellSession.#connect(target, unasked)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== WRONG_PASSWORD) throw error
      target.credentials.refuse((await target.credentials.token()).value)
      return ShellSession.#connect(target, unasked)
    }
  }

  static async #connect(target: InstanceConnection, unasked: Unasked): Promise<ShellSession> {
    const { host, port, database, user, ca } = target
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      password: async () => (await target.credentials.token()).value,
      ssl: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
      application_name: 'lakegate psql',
      client_encoding: 'UTF8',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      keepAlive: true,
    })
    const settings = new Map<string, string>()
    client.connection.on(
      'parameterStatus',
      ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) =>
        settings.set(parameterName, parameterValue),
    )
    client.on('notice', (notice) => unasked.notice(notice))
    client.on('notification', (notification) => unasked.notification(notification))
    await client.connect()
    return new ShellSession(client, target, settings)
  }

  get database(): string {
    return this.#target.database
  }

  get target(): InstanceConnection {
    return this.#target
  }

  /** A setting that PostgreSQL reports, such as `server_version`. */
  setting(name: string): string | undefined {
    return this.#settings.get(name)
  }

  get splitOptions(): SplitOptions {
    return { standardConformingStrings: this.setting('standard_conforming_strings') !== 'off' }
  }

  /** Why the connection is over; undefined while it is not. */
  get lost(): Error | undefined {
    return this.#lost
  }

  get transaction(): TransactionState {
    const status = this.#client.getTransactionStatus()
    return status === 'T' ? 'open' : status === 'E' ? 'failed' : 'idle'
  }

  /** @throws DatabaseError, or the error with which the connection broke */
  async run(statement: string, receiver: StatementReceiver): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    await this.#client.query(new StatementRun(statement, receiver)).done
  }

  /** A query of the shell's own, with parameters. @throws DatabaseError */
  async ask(
    text: string,
    parameters: readonly (string | null)[],
  ): Promise<{ readonly columns: readonly ResultColumn[]; readonly rows: readonly ResultRow[] }> {
    if (this.#lost !== undefined) throw this.#lost
    const { fields, rows } = await this.#client.query<(string | null)[]>({
      text,
      values: [...parameters],
      rowMode: 'array',
      types: { getTypeParser: () => (value: string) => value },
    })
    return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows }
  }

  /** Asks PostgreSQL to cancel what runs now, over TLS and with the certificate verified, as at the login. */
  async cancel(): Promise<void> {
    const { processID, secretKey } = this.#client as unknown as DriverClient
    const key = Buffer.alloc(4)
    key.writeInt32BE(secretKey)
    await cancelAtGateway(this.#target, { processId: processID, key })
  }

  /** For when nobody wants what still comes: PostgreSQL ends the session when it notices. */
  abandon(): void {
    const { connection } = this.#client as unknown as DriverClient
    this.#lost ??= new Error('The session was given up.')
    connection.stream.destroy()
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }
}
