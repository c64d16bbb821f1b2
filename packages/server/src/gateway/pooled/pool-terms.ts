/** What a pool works with: its limits, the world around it, and what PostgreSQL says of its role and its database. */
import type { DatabaseOid, RoleOid } from '../../domain/ids.ts'
import type { PooledAdmission } from '../../operations/login/admission.ts'
import type { PooledBackend } from './backend.ts'

export interface PoolLimits {
  readonly backendsPerPool: number
  readonly backendsPerInstance: number
  readonly waitMs: number
  readonly idleMs: number
  /** The longest age of a backend. */
  readonly lifetimeMs: number
}

/** What PostgreSQL counts the backends of a pool under. */
export interface PlaceOfPool {
  readonly roleOid: RoleOid
  readonly databaseOid: DatabaseOid
}

export interface PoolPorts {
  readonly open: (signal: AbortSignal) => Promise<PooledBackend>
  /** A number between 0 and 1 that cannot be foreseen. */
  readonly random: () => number
  /** Milliseconds that only go forward. */
  readonly now: () => number
}

/**
 * How many backends may be idle: any number; no more than there are sessions, under a CONNECTION LIMIT, which counts
 * sessions here and connections in PostgreSQL; or none, in a database that others copy.
 */
export type Spare = 'any' | 'for_sessions' | 'none'

/** Of the role and the database, as the last login found them. */
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
  // CREATE DATABASE copies template1 when nothing else is said, and nobody may be connected to it then.
  if (isTemplate) return 'none'
  return isLimited ? 'for_sessions' : 'any'
}
