/**
 * Restarts a cluster whenever its postmaster dies. For the one cluster without a supervisor: the embedded system
 * database. PostgreSQL recovers what was committed; meanwhile logins are refused as retryable.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startCluster, waitForClusterExit } from './cluster.ts'
import type { ClusterDefinition } from './cluster-definition.ts'

export interface KeepRunningEvents {
  readonly onDied: () => void
  readonly onRestarted: () => void
  readonly onRestartFailed: (error: unknown) => void
  /**
   * It cannot be determined whether the cluster runs, for example for want of file descriptors; this is tried again.
   */
  readonly onBlind: (error: unknown) => void
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000
const BLIND_PAUSE_MS = 1_000

/** @returns a function that ends the watch; call it before the cluster is stopped on purpose */
export function keepClusterRunning(
  definition: ClusterDefinition,
  { onDied, onRestarted, onRestartFailed, onBlind }: KeepRunningEvents,
): () => Promise<void> {
  const letGo = new AbortController()
  const { signal } = letGo
  const isKept = () => !signal.aborted

  const restart = async (): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE_MS; isKept(); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await startCluster(definition)
        onRestarted()
        return
      } catch (error) {
        onRestartFailed(error)
        await pause(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }
  const keep = async (): Promise<void> => {
    while (isKept()) {
      try {
        await waitForClusterExit(definition, signal)
      } catch (error) {
        // A cluster that cannot be inspected is not taken for dead.
        onBlind(error)
        await pause(BLIND_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined)
        continue
      }
      if (!isKept()) return
      onDied()
      await restart()
    }
  }
  const kept = keep()
  return async () => {
    letGo.abort()
    await kept
  }
}
