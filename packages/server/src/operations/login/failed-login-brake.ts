/**
 * The brake on guessing passwords of roles, in memory (attack 34). A role and an address are closed together, so that
 * nobody locks out anybody else: not other roles behind the same address, and not the role from elsewhere. All of an
 * address is only ever slowed down. One process counts for all of a node; nodes count for themselves, and a restart
 * forgets. Tokens cannot be guessed and do not come by here.
 */
import { clientNetwork } from '../../domain/client-network.ts'
import type { AttemptedLogin, FailedLoginsAnswer, FailedLoginsQuestion } from '../ports/proof.ts'

/** Well below the login deadline. With 1000 logins of one address at a time it leaves an attacker some hundred a second. */
const DELAY_MS = { step: 20, most: 5_000 } as const
/** A record takes about 200 bytes: 4 MB at most. The oldest goes first. */
const MOST_RECORDS = 10_000
/** Roles of PostgreSQL have shorter names (NAMEDATALEN); who makes up longer ones shall not fill the memory with them. */
const LONGEST_ROLE_NAME = 64

interface Failures {
  readonly since: number
  readonly count: number
}

/** The one who counts. */
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
      // What others did wrong at the same address stays counted.
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
    // A clock that was set back must not keep anybody out (attack 40).
    const isRecent = failures !== undefined && Math.abs(now - failures.since) < windowMs
    return isRecent ? failures : undefined
  }
  return {
    recent,
    add(key: string, windowMs: number, now: number): void {
      const { since, count } = recent(key, windowMs, now) ?? { since: now, count: 0 }
      // Again at the end: the order of the map is that of the last failure.
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
    /** @returns how many there were */
    remove(key: string): number {
      const count = tally.get(key)?.count ?? 0
      tally.delete(key)
      return count
    },
  }
}
