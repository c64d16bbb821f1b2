/** Where an instance is, as whom to log in, and what with: all that a database library is given (drivers/). */
import type { TokenSource } from './tokens/token-source.ts'

/** Everything that a PostgreSQL driver needs to know of an instance. */
export interface InstanceConnection {
  readonly host: string
  readonly port: number
  readonly database: string
  /** The role: a user's email, the application id of a service principal, or the name of a group. */
  readonly user: string
  /** PEM of the authority that signed the gateway's certificate; undefined: the public authorities that Node trusts. */
  readonly ca: string | undefined
  /** Database credentials, or access tokens of the workspace: one is the password of every new connection. */
  readonly credentials: TokenSource
}
