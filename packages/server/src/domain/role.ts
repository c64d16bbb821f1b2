import type { DatabaseFacts } from './database-facts.ts'
import type { IdentityBinding } from './identity-binding.ts'
import type { RoleOid } from './ids.ts'
import type { Redacted } from './redacted.ts'

/** What a login needs to know of a PostgreSQL role, read in one query (DESIGN §6.3). */
export interface RoleFacts {
  readonly oid: RoleOid
  readonly name: string
  readonly canLogIn: boolean
  readonly isSuperuser: boolean
  /** `rolvaliduntil`; undefined when there is none or it is infinity. */
  readonly validUntil: Date | undefined
  /**
   * `rolconnlimit`; -1 means none. PostgreSQL enforces it when a backend opens, and the pooled endpoint for its
   * sessions.
   */
  readonly connectionLimit: number
  readonly binding: IdentityBinding | undefined
  readonly hasPassword: boolean
  /** `rolpassword` if it is a SCRAM-SHA-256 verifier; undefined without a password and for an MD5 hash. */
  readonly scramVerifier: Redacted<string> | undefined
  /** The database named in the query; undefined when none was named, or it does not exist. */
  readonly database?: DatabaseFacts | undefined
}

/** Roles that every instance has from the beginning (behaviour 56); nobody logs in as them with a token. */
export const SYSTEM_SUPERUSER = 'cloud_admin'
export const DATABRICKS_SUPERUSER = 'databricks_superuser'
export const CONTROL_PLANE_ROLE = 'databricks_control_plane'
export const MONITOR_ROLE = 'databricks_monitor'
export const GATEWAY_ROLE = 'databricks_gateway'

/** The database that clients connect to by default; the unmodified CLI has this name built in. */
export const INITIAL_DATABASE = 'databricks_postgres'

/** PostgreSQL's NAMEDATALEN - 1: the longest name of a role or a database. */
export const LONGEST_NAME_BYTES = 63
