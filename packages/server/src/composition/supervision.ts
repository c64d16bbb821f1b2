/**
 * Of several control planes on one system database, only the one that holds the lock supervises the instances. The
 * others serve HTTP and try to take the lock again and again, so that one of them takes over when the holder stops.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../observation/log.ts'
import { holdInstallation } from '../store/installation-lock.ts'
import type { SystemDatabaseAddress } from '../store/system-database.ts'

export interface Supervision {
  /** Releases the lock for another control plane; the instances keep running. */
  stop(): Promise<void>
}

const RETRY_MS = 1_000

/** @param parts.begin called once, when the lock is held; returns the function that ends the supervision */
export function superviseWhenAlone(parts: {
  readonly address: SystemDatabaseAddress
  readonly log: Log
  readonly begin: () => Promise<() => Promise<void>>
}): Supervision {
  const { address, log, begin } = parts
  let isStopping = false

  async function waitForTurn(): Promise<() => Promise<void>> {
    while (!isStopping) {
      const release = await holdInstallation(address, (reason) => {
        log.error({ reason }, 'the lock on the system database is lost')
      })
      if (release === undefined) continue
      log.info({}, 'this control plane looks after the database instances')
      try {
        const end = await begin()
        return async () => {
          await end()
          await release()
        }
      } catch (error) {
        await release()
        throw error
      }
    }
    return () => Promise.resolve()
  }

  async function tryForever(): Promise<() => Promise<void>> {
    for (;;) {
      try {
        return await waitForTurn()
      } catch (error) {
        log.error(
          { err: error },
          'this control plane cannot look after the database instances; it tries again',
        )
        if (isStopping) return () => Promise.resolve()
        await pause(RETRY_MS, undefined, { ref: false })
      }
    }
  }

  const turn = tryForever()
  return {
    async stop() {
      isStopping = true
      await (
        await turn
      )()
    },
  }
}
