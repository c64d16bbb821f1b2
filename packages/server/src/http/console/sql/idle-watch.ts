/**
 * Ends a session that is not used, with a warning first; sooner inside a transaction, because that holds locks and old
 * rows.
 */

export interface IdleTimes {
  readonly idleMs: number
  readonly idleInTransactionMs: number
  readonly warnBeforeMs: number
}

const IDLE_TIMES: IdleTimes = {
  idleMs: 30 * 60_000,
  idleInTransactionMs: 15 * 60_000,
  warnBeforeMs: 2 * 60_000,
}

export interface IdlePorts {
  readonly clock: () => Date
  /** @returns a function that cancels it */
  schedule(milliseconds: number, act: () => void): () => void
  warn(endsAt: Date, inTransaction: boolean): void
  end(inTransaction: boolean): void
}

export interface IdleWatch {
  /** Something was run: the time starts again. */
  used(inTransaction: boolean): void
  /** Something is running: no limit applies until `used` starts the time again. */
  pause(): void
  stop(): void
}

export function createIdleWatch(ports: IdlePorts, times: IdleTimes = IDLE_TIMES): IdleWatch {
  let takeBack: (() => void) | undefined

  function wait(milliseconds: number, act: () => void): void {
    takeBack?.()
    takeBack = ports.schedule(milliseconds, act)
  }

  const stop = (): void => {
    takeBack?.()
    takeBack = undefined
  }

  return {
    used(inTransaction) {
      const limit = inTransaction ? times.idleInTransactionMs : times.idleMs
      const endsAt = new Date(ports.clock().getTime() + limit)
      wait(limit - times.warnBeforeMs, () => {
        ports.warn(endsAt, inTransaction)
        wait(times.warnBeforeMs, () => {
          stop()
          ports.end(inTransaction)
        })
      })
    },
    pause: stop,
    stop,
  }
}
