/**
 * postgres.js: `sql` of a database instance.
 *
 * @example
 * const sql = lakegatePostgres(await lakegate.connection('dev'), { max: 20 })
 * await sql`SELECT session_user`
 */
import postgres from 'postgres'
import type { InstanceConnection } from '../connection.ts'
import { LoginSocket } from '../login/login-socket.ts'
import { planRetirement, type RetirementOptions } from '../login/retirement.ts'

export type { InstanceConnection } from '../connection.ts'
export { LoginError, type LoginErrorCode } from '../login/login-error.ts'

/** What the connection decides. */
type Given =
  | 'host'
  | 'port'
  | 'path'
  | 'database'
  | 'db'
  | 'user'
  | 'username'
  | 'pass'
  | 'password'
  | 'ssl'
  | 'sslnegotiation'
  | 'socket'
  | 'max_lifetime'

/** The options of postgres.js, without those that come from the instance. */
export type LakegatePostgresOptions<Types extends Record<string, postgres.PostgresType>> = Omit<
  postgres.Options<Types>,
  Given
> &
  Pick<RetirementOptions, 'retire'> & {
    /** In seconds, as postgres.js has it; see `maxLifetimeSeconds` of {@link RetirementOptions}. */
    readonly max_lifetime?: number | undefined
  }

/** An idle connection holds a place of its role at the instance; postgres.js by itself keeps all until the end. */
const IDLE_SECONDS = 600

/** A client of postgres.js that logs in with tokens. */
export function lakegatePostgres<Types extends Record<string, postgres.PostgresType> = Record<string, never>>(
  connection: InstanceConnection,
  options: LakegatePostgresOptions<Types> = {},
) {
  const { retire, max_lifetime: maxLifetimeSeconds, ...own } = options
  const plan = planRetirement({ retire, maxLifetimeSeconds })
  const given = {
    idle_timeout: IDLE_SECONDS,
    ...own,
    host: connection.host,
    port: connection.port,
    database: connection.database,
    username: connection.user,
    // The socket is inside TLS already, with the certificate verified; and PGSSL must not ask for a second layer.
    ssl: false,
    // It also answers the request for the password, so that postgres.js holds no token.
    socket: () => new LoginSocket(connection, plan.minTokenSeconds),
    // Called once for each place of the pool; its type is that of a number.
    max_lifetime: plan.lifetimeSeconds as unknown as number,
  }
  return postgres<Types>(given as unknown as postgres.Options<Types>)
}
