/**
 * The brake on guessing passwords of roles, kept in memory (attack 34). Too many failures close a role for one address
 * only, so that no client can lock out another: neither other roles behind the same address, nor the same role from
 * elsewhere. An address as a whole is only slowed down. One process counts for all of a node; each node counts by
 * itself, and a restart forgets. Tokens cannot be guessed and are not counted.
 */
import { clientNetwork } from '../../domain/client-network.ts'
import type { AttemptedLogin, FailedLoginsAnswer, FailedLoginsQuestion } from '../ports/proof.ts'

/**
 * Well below the login deadline. With 1000 simultaneous logins from one address it leaves an attacker some hundred per
 * second.
 */
const DELAY_MS = { step: 20, most: 5_000 } as const
/** A record takes about 200 bytes, so 4 MB at most. The oldest is dropped first. */
const MOST_RECORDS = 10_000
/** Names of PostgreSQL roles are shorter (NAMEDATALEN); an attacker's long names must not fill the memory. */
const LONGEST_ROLE_NAME = 64

interface Failures {
  readonly since: number
  readonly count: number
}

/** Counts failed logins. */
export interface FailedLogins {
  answer(question: FailedLoginsQuestion): FailedLoginsAnswer
}

export function createFailedLogins(): FailedLogins {
  const ofPair = createTally()
  const ofAddress = createTally()
  const pairOf = ({ instanceUid, roleName, clientAddress }: AttemptedLogin): string =>
    `${clientNetwork(clientAddress)} ${instanceUid} ${roleName.slice(0, LONGEST_ROLE_NAME)}`
  const addressOf = ({ clientAddress }: AttemptedLogin): string => clientNetwork(clientAddress)

  return {
    answer({ kind, login, limits, now }) {
      const [pair, address] = [pairOf(login), addressOf(login)]
      const excess = (ofAddress.recent(address, limits.windowMs, now)?.count ?? 0) - limits.perAddress
      const failures = ofPair.recent(pair, limits.windowMs, now)
      const isClosed = failures !== undefined && failures.count >= limits.perRole
      if (kind === 'wrong' && !isClosed) {
        ofPair.add(pair, limits.windowMs, now)
        ofAddress.add(address, limits.windowMs, now)
      }
      // Failures of other roles from the same address stay counted.
      if (kind === 'release') ofAddress.subtract(address, ofPair.remove(pair))
      return {
        delayMs: Math.min(Math.max(excess, 0) * DELAY_MS.step, DELAY_MS.most),
        closedUntil: isClosed ? failures.since + limits.windowMs : null,
      }
    },
  }
}

function createTally() {
  const tally = new Map<string, Failures>()
  const recent = (key: string, windowMs: number, now: number): Failures | undefined => {
    const failures = tally.get(key)
    // A clock that was set back must not lock anyone out (attack 40).
    const isRecent = failures !== undefined && Math.abs(now - failures.since) < windowMs
    return isRecent ? failures : undefined
  }
  return {
    recent,
    add(key: string, windowMs: number, now: number): void {
      const { since, count } = recent(key, windowMs, now) ?? { since: now, count: 0 }
      // Inserted again at the end: the map is ordered by the last failure.
      tally.delete(key)
      tally.set(key, { since, count: count + 1 })
      const oldest = tally.size > MOST_RECORDS ? tally.keys().next().value : undefined
      if (oldest !== undefined) tally.delete(oldest)
    },
    subtract(key: string, count: number): void {
      const failures = tally.get(key)
      if (failures === undefined || count === 0) return
      if (failures.count <= count) tally.delete(key)
      else tally.set(key, { ...failures, count: failures.count - count })
    },
    /** @returns how many failures were removed */
    remove(key: string): number {
      const count = tally.get(key)?.count ?? 0
      tally.delete(key)
      return count
    },
  }
}
