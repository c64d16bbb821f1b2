import type { DatabaseOid } from './ids.ts'

/**
 * What PostgreSQL checks when it opens a backend in a database for a role (`InitPostgres`, `CheckMyDatabase`). A pooled
 * login may need no new backend, so it queries these facts instead.
 */
export interface DatabaseFacts {
  readonly oid: DatabaseOid
  readonly allowsConnections: boolean
  readonly isTemplate: boolean
  /** A DROP DATABASE of it was interrupted (`datconnlimit` is -2). */
  readonly isInvalid: boolean
  /** `datconnlimit`; -1 means none. */
  readonly connectionLimit: number
  /** CONNECT, granted to the role itself, to a role that it is a member of, or to PUBLIC. */
  readonly mayConnect: boolean
  /** Covers ALTER ROLE … SET and ALTER DATABASE … SET: it differs when a backend would begin with other settings. */
  readonly settingsFingerprint: string
}
