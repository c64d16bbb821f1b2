/**
 * Knex: the configuration of a database instance, for `knex()` and for a knexfile.
 *
 * @example
 * const db = knex(lakegateKnexConfig(await lakegate.connection('dev'), { pool: { max: 20 } }))
 */
import type { Knex } from 'knex'
import type { InstanceConnection } from '../connection.ts'
import { LoginSocket } from '../login/login-socket.ts'
import { planRetirement, type RetirementOptions } from '../login/retirement.ts'

export type { InstanceConnection } from '../connection.ts'
export type { RetirementOptions } from '../login/retirement.ts'

/** The options of Knex, without those that come from the instance. */
export type LakegateKnexConfig = Omit<Knex.Config, 'client' | 'connection' | 'connectionPool'> &
  RetirementOptions

/** The configuration with which Knex logs in with tokens. */
export function lakegateKnexConfig(
  connection: InstanceConnection,
  config: LakegateKnexConfig = {},
): Knex.Config {
  const { retire, maxLifetimeSeconds, ...own } = config
  const plan = planRetirement({ retire, maxLifetimeSeconds })
  const settings = {
    host: connection.host,
    port: connection.port,
    database: connection.database,
    user: connection.user,
    // The socket is inside TLS already, with the certificate verified; and PGSSLMODE must not ask for a second layer.
    ssl: false,
    // As PGSSLNEGOTIATION=direct would.
    sslnegotiation: 'postgres' as const,
    // node-postgres calls it for each connection. It also answers the request for the password, so that Knex holds no token.
    stream: () => new LoginSocket(connection, plan.minTokenSeconds),
  }
  return {
    ...own,
    client: 'pg',
    // A function, because Knex copies what it is given otherwise.
    connection: () => ({ ...settings }),
    pool: {
      // Knex by itself keeps two connections that nobody uses, for ever.
      min: 0,
      maxConnectionLifetimeMillis: plan.minLifetimeSeconds * 1000,
      maxConnectionLifetimeJitterMillis: (plan.maxLifetimeSeconds - plan.minLifetimeSeconds) * 1000,
      ...own.pool,
    },
  }
}
