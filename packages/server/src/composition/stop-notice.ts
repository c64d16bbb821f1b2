/**
 * Between a request to stop and the end of the listeners: `/readyz` says «stopping» while everything is still answered, so that
 * load balancers and kube-proxy stop sending people here first.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { HealthCheck } from '../http/api/health.ts'

export interface StopNotice {
  /** Part of `/readyz`; fails as soon as the notice is given. */
  readonly check: HealthCheck
  /** Resolves after so many milliseconds, or when `end` is called. */
  give(noticeMs: number): Promise<void>
  /** Ends the wait at once, also one that is yet to come. */
  end(): void
}

export function createStopNotice(): StopNotice {
  const over = new AbortController()
  let isGiven = false
  return {
    check: {
      name: 'stopping',
      check: () => (isGiven ? Promise.reject(new Error('the process stops')) : Promise.resolve()),
    },
    async give(noticeMs) {
      isGiven = true
      if (noticeMs > 0) await pause(noticeMs, undefined, { signal: over.signal }).catch(() => undefined)
    },
    end() {
      over.abort()
    },
  }
}
