/** What a pool works with: its limits, its ports, and what PostgreSQL reports about its role and its database. */
import type { DatabaseOid, RoleOid } from '../../domain/ids.ts'
import type { PooledAdmission } from '../../operations/login/admission.ts'
import type { PooledBackend } from './backend.ts'

export interface PoolLimits {
  readonly backendsPerPool: number
  readonly backendsPerInstance: number
  readonly waitMs: number
  readonly idleMs: number
  /** The maximum age of a backend. */
  readonly lifetimeMs: number
}

/** The role and database for which PostgreSQL counts the backends of a pool. */
export interface PlaceOfPool {
  readonly roleOid: RoleOid
  readonly databaseOid: DatabaseOid
}

export interface PoolPorts {
  readonly open: (signal: AbortSignal) => Promise<PooledBackend>
  /** An unpredictable number between 0 and 1. */
  readonly random: () => number
  /** Monotonic time in milliseconds. */
  readonly now: () => number
}

/**
 * How many backends may be idle: any number; under a CONNECTION LIMIT, no more backends than sessions, because the
 * limit counts sessions here and connections in PostgreSQL; in a database that others copy, none.
 */
export type Spare = 'any' | 'for_sessions' | 'none'

/** For the role and the database, as of the last login. */
export interface PoolTerms {
  readonly spare: Spare
  readonly settingsFingerprint: string
}

export const termsOf = ({ database, roleConnectionLimit }: PooledAdmission): PoolTerms => ({
  spare: spareOf({
    isTemplate: database.isTemplate,
    isLimited: database.connectionLimit >= 0 || roleConnectionLimit >= 0,
  }),
  settingsFingerprint: database.settingsFingerprint,
})

export function spareOf({ isTemplate, isLimited }: { isTemplate: boolean; isLimited: boolean }): Spare {
  // CREATE DATABASE copies template1 by default, and fails while anyone is connected to it.
  if (isTemplate) return 'none'
  return isLimited ? 'for_sessions' : 'any'
}
