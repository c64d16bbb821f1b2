/**
 * node-postgres: `Client` and `Pool` of a database instance. They are those of `pg`, in type and behaviour; where they connect to,
 * TLS and the password come from the connection.
 *
 * @example
 * const pool = new LakegatePool(await lakegate.connection('dev'), { max: 20 })
 * await pool.query('SELECT session_user')
 */
export type { InstanceConnection } from '../connection.ts'
export { LoginError, type LoginErrorCode } from '../login/login-error.ts'
export {
  LakegateClient,
  LakegatePool,
  lakegatePg,
  type LakegateClientConfig,
  type LakegatePoolConfig,
} from '../login/node-postgres.ts'
export type { RetirementOptions } from '../login/retirement.ts'
