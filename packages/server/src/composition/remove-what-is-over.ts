/** Removes expired records of sign-ins and console sessions from the system database; every control plane does. */
import type { Log } from '../observation/log.ts'
import type { Clock } from '../operations/ports/clock.ts'
import { removeConsoleSessionsThatAreOver } from '../operations/sign-in/console-sessions.ts'
import type { ConsoleSessionStore } from '../operations/ports/console-sessions.ts'
import type { OAuthRecordStore } from '../operations/ports/oauth.ts'
import type { SignInBrakeUpkeep } from '../operations/ports/sign-in.ts'

const REMOVE_EVERY_MS = 60 * 1000
/** Small enough that the transaction hardly disturbs others. */
const REMOVED_AT_A_TIME = 5_000

/**
 * Runs now and every minute: a sign-in that a stranger begins is kept only a little longer than its quarter of an hour
 * (attack 57).
 * @returns a function that stops it
 */
export function removeWhatIsOver(
  stores: {
    readonly oauthRecords: Pick<OAuthRecordStore, 'removeExpired'>
    readonly signInBrake: SignInBrakeUpkeep
    readonly consoleSessions: ConsoleSessionStore
  },
  clock: Clock,
  log: Log,
): () => Promise<void> {
  let isStopping = false
  const remove = async () => {
    await stores.signInBrake.forgetOld(clock())
    let removed: number
    do removed = await stores.oauthRecords.removeExpired(clock(), REMOVED_AT_A_TIME)
    while (removed === REMOVED_AT_A_TIME && !isStopping)
    do removed = await removeConsoleSessionsThatAreOver(stores.consoleSessions, clock(), REMOVED_AT_A_TIME)
    while (removed === REMOVED_AT_A_TIME && !isStopping)
  }
  let running: Promise<void> = Promise.resolve()
  const run = () => {
    running = running.then(remove).catch((error: unknown) => {
      log.warn({ err: error }, 'expired sign-ins could not be removed; the next attempt is in a minute')
    })
  }
  run()
  const timer = setInterval(run, REMOVE_EVERY_MS).unref()
  return async () => {
    isStopping = true
    clearInterval(timer)
    await running
  }
}
