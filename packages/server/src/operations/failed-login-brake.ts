/**
 * The brake on guessing passwords of roles, in memory (attack 34). A role and an address are closed together, so that
 * nobody locks out anybody else: not other roles behind the same address, and not the role from elsewhere. All of an
 * address is only ever slowed down. Every gateway process counts for itself, and a restart forgets. Tokens cannot be
 * guessed and do not come by here.
 */
import { clientNetwork } from '../domain/client-network.ts'
import type { AttemptedLogin, FailedLoginBrake } from './proof-ports.ts'

/** Counted from the first failure; then all is forgotten. */
const WINDOW_MS = 60_000
/** Of one role from one address. A person mistypes; a program with an old password needs to be heard of. */
const FAILURES_OF_PAIR = 10
/** Of one address, before it is slowed down: many people may share it. */
const FAILURES_OF_ADDRESS = 100
/** Well below the login deadline. With 200 logins of one address at a time it leaves an attacker some hundred a second. */
const DELAY_MS = { step: 20, most: 1_000 } as const
/** A record takes about 200 bytes: 4 MB at most. The oldest goes first. */
const MOST_RECORDS = 10_000

interface Failures {
  readonly since: number
  readonly count: number
}

export function createFailedLoginBrake(): FailedLoginBrake {
  const ofPair = createTally()
  const ofAddress = createTally()
  const pairOf = ({ instanceUid, roleName, clientAddress }: AttemptedLogin): string =>
    `${clientNetwork(clientAddress)} ${instanceUid} ${roleName}`
  const addressOf = ({ clientAddress }: AttemptedLogin): string => clientNetwork(clientAddress)

  return {
    delayMs(login, now) {
      const excess = (ofAddress.recent(addressOf(login), now)?.count ?? 0) - FAILURES_OF_ADDRESS
      return Math.min(Math.max(excess, 0) * DELAY_MS.step, DELAY_MS.most)
    },
    closedUntil(login, now) {
      const failures = ofPair.recent(pairOf(login), now)
      if (failures === undefined || failures.count < FAILURES_OF_PAIR) return undefined
      return new Date(failures.since + WINDOW_MS)
    },
    countFailure(login, now) {
      ofPair.add(pairOf(login), 1, now)
      ofAddress.add(addressOf(login), 1, now)
    },
    release(login) {
      // What others did wrong at the same address stays counted.
      ofAddress.subtract(addressOf(login), ofPair.remove(pairOf(login)))
    },
  }
}

function createTally() {
  const tally = new Map<string, Failures>()
  const recent = (key: string, now: Date): Failures | undefined => {
    const failures = tally.get(key)
    // A clock that was set back must not keep anybody out (attack 40).
    const isRecent = failures !== undefined && Math.abs(now.getTime() - failures.since) < WINDOW_MS
    return isRecent ? failures : undefined
  }
  return {
    recent,
    add(key: string, count: number, now: Date): void {
      const { since, count: earlier } = recent(key, now) ?? { since: now.getTime(), count: 0 }
      // Again at the end: the order of the map is that of the last failure.
      tally.delete(key)
      tally.set(key, { since, count: earlier + count })
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
