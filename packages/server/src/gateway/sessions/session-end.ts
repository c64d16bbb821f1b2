/** Decides when an open session has lasted long enough. Pure. */
import type { SessionPolicy } from '../../domain/database-instance.ts'

export interface SessionLimits {
  /** 0: no limit. */
  readonly idleMs: number
  /** 0: no limit. */
  readonly lifetimeMs: number
}

type EndReason = 'session_idle' | 'session_too_old' | 'token_expired'

/**
 * Embedded instances also have the idle limit as PostgreSQL's idle_session_timeout, so that the client reads its 57P05;
 * PostgreSQL should act first. The gateway acts where a client has switched that off, or is idle in a transaction.
 */
const AFTER_POSTGRESQL_MS = 5_000

export function reasonToEnd(
  session: {
    readonly ageMs: number
    readonly idleMs: number
    readonly tokenExpiresAt: Date | undefined
  },
  {
    limits,
    policy,
    now,
  }: { readonly limits: SessionLimits; readonly policy: SessionPolicy; readonly now: Date },
): EndReason | undefined {
  if (limits.lifetimeMs > 0 && session.ageMs >= limits.lifetimeMs) return 'session_too_old'
  if (limits.idleMs > 0 && session.idleMs >= limits.idleMs + AFTER_POSTGRESQL_MS) return 'session_idle'
  if (policy.endOnTokenExpiry && session.tokenExpiresAt !== undefined && session.tokenExpiresAt <= now)
    return 'token_expired'
  return undefined
}
