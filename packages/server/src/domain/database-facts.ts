import type { DatabaseOid } from './ids.ts'

/**
 * What PostgreSQL looks at when it opens a backend in a database for a role (`InitPostgres`, `CheckMyDatabase`). A pooled
 * login may open none, so it asks for this instead.
 */
export interface DatabaseFacts {
  readonly oid: DatabaseOid
  readonly allowsConnections: boolean
  readonly isTemplate: boolean
  /** A DROP DATABASE of it was interrupted (`datconnlimit` is -2). */
  readonly isInvalid: boolean
  /** `datconnlimit`; -1 means none. */
  readonly connectionLimit: number
  /** CONNECT, of its own, by membership or as PUBLIC. */
  readonly mayConnect: boolean
  /** Of ALTER ROLE … SET and ALTER DATABASE … SET: another one when a backend would begin with other settings. */
  readonly settingsFingerprint: string
}
