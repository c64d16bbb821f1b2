/**
 * `Client` and `Pool` of node-postgres that log in with tokens (drivers/pg.ts), and what other libraries build theirs from. Where
 * they connect to, TLS and the password come from the connection.
 */
import pg from 'pg'
import type { InstanceConnection } from '../connection.ts'
import { LoginSocket } from './login-socket.ts'
import { planRetirement, type RetirementOptions } from './retirement.ts'

/** What the connection decides. */
type Given =
  | 'host'
  | 'port'
  | 'database'
  | 'user'
  | 'password'
  | 'connectionString'
  | 'ssl'
  | 'sslnegotiation'
  | 'enableChannelBinding'
  | 'stream'

/** The options of a client of node-postgres, without those that come from the instance. */
export type LakegateClientConfig = Omit<pg.ClientConfig, Given> & RetirementOptions
/** The options of a pool of node-postgres, without those that come from the instance. */
export type LakegatePoolConfig = Omit<pg.PoolConfig, Given | 'Client' | 'maxLifetimeSeconds'> &
  RetirementOptions

/** A `pg.Client` that logs in with a token of the connection, and once more with a new one when that is refused. */
export class LakegateClient extends pg.Client {
  readonly #socket: LoginSocket
  readonly #lifetimeMs: number

  constructor(connection: InstanceConnection, config: LakegateClientConfig = {}) {
    const plan = planRetirement(config)
    const socket = new LoginSocket(connection, plan.minTokenSeconds)
    super({
      ...config,
      host: connection.host,
      port: connection.port,
      database: connection.database,
      user: connection.user,
      connectionString: undefined,
      // The socket sends the token, so that it is in no field of this object.
      password: undefined,
      // The socket is inside TLS already, with the certificate verified; and PGSSLMODE must not ask for a second layer.
      ssl: false,
      // As PGSSLNEGOTIATION=direct would.
      sslnegotiation: 'postgres',
      stream: () => socket,
    })
    this.#socket = socket
    this.#lifetimeMs = plan.lifetimeSeconds() * 1000
  }

  /** Whether a pool should not lend it again: it has ended, or lived as long as connections of a pool do. */
  get retired(): boolean {
    if (this.#socket.readyState === 'closed' || this.#socket.readableEnded) return true
    const { openedAt } = this.#socket
    return this.#lifetimeMs > 0 && openedAt !== undefined && performance.now() > openedAt + this.#lifetimeMs
  }
}

/**
 * A `pg.Pool` whose connections are such clients. It also differs in this: an idle connection that the server ends is no
 * `error` that ends the process when nobody listens; the pool has removed it and opens another when it needs one.
 */
export class LakegatePool extends pg.Pool {
  constructor(connection: InstanceConnection, config: LakegatePoolConfig = {}) {
    super(poolConfigOf(connection, config))
    retireOneByOne(this, config)
    this.on('error', () => undefined)
  }
}

/** For a `pg.Pool`, also that of another copy of the module: its clients are ours. */
export function poolConfigOf(connection: InstanceConnection, config: LakegatePoolConfig): pg.PoolConfig {
  return {
    ...config,
    host: connection.host,
    port: connection.port,
    database: connection.database,
    user: connection.user,
    maxLifetimeSeconds: planRetirement(config).maxLifetimeSeconds,
    Client: clientOf(connection, config),
  }
}

/** A pool reads the lifetime whenever it has opened a connection: each lives a little longer or shorter than the others. */
export function retireOneByOne(pool: pg.Pool, retirement: RetirementOptions): void {
  const { lifetimeSeconds } = planRetirement(retirement)
  Object.defineProperty(pool.options, 'maxLifetimeSeconds', {
    enumerable: true,
    get: () => lifetimeSeconds(),
  })
}

/**
 * The module `pg` itself, with a `Client` and a `Pool` that connect to the instance whatever they are told: for libraries that
 * take the module of their driver.
 */
export function lakegatePg(connection: InstanceConnection, options: RetirementOptions = {}): typeof pg {
  const retirement = {
    ...(options.retire === undefined ? {} : { retire: options.retire }),
    ...(options.maxLifetimeSeconds === undefined ? {} : { maxLifetimeSeconds: options.maxLifetimeSeconds }),
  }
  class Pool extends LakegatePool {
    constructor(config: pg.PoolConfig = {}) {
      super(connection, { ...config, ...retirement })
    }
  }
  // Without pg.native, which is not enumerable: libraries would take it instead where pg-native is installed.
  return { ...pg, Client: clientOf(connection, retirement), Pool }
}

function clientOf(connection: InstanceConnection, retirement: RetirementOptions): typeof pg.Client {
  return class Client extends LakegateClient {
    constructor(config: string | pg.ClientConfig = {}) {
      super(connection, { ...(typeof config === 'string' ? {} : config), ...pickRetirement(retirement) })
    }
  }
}

/** No more than that: a pool hands its whole configuration to its clients by itself. */
const pickRetirement = ({ retire, maxLifetimeSeconds }: RetirementOptions): RetirementOptions => ({
  retire,
  maxLifetimeSeconds,
})
