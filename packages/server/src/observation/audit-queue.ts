/**
 * Writes audit records to the store in batches, outside the code path of the logins that made them. The queue is
 * bounded: when nothing can be written for a long time, records are dropped and counted, and the log says so. An
 * operation that must not lose a record awaits `kept()` and refuses its work when that fails (attack 42).
 */
import { Fault } from '../domain/fault.ts'
import type { AuditLog, AuditRecord, KeptAuditLog } from '../operations/ports/audit.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { Log } from './log.ts'

export interface AuditQueuePorts {
  /** Every record is also written here at once: the lines of the log. */
  readonly lines: AuditLog
  readonly append: (records: readonly AuditRecord[]) => Promise<void>
  readonly clock: Clock
  readonly log: Pick<Log, 'error' | 'warn'>
}

export interface AuditQueue extends KeptAuditLog {
  counts(): { readonly waiting: number; readonly written: number; readonly dropped: number }
  /** Writes the remaining records, with one attempt. */
  stop(): Promise<void>
}

export interface AuditQueueSettings {
  readonly capacity: number
  readonly batch: number
  readonly pauseMs: number
  readonly retryMs: number
}

/** A record is well under a kilobyte: the queue stays below 20 MB. */
const AUDIT_QUEUE: AuditQueueSettings = { capacity: 20_000, batch: 500, pauseMs: 100, retryMs: 1_000 }

interface Waiter {
  readonly upTo: number
  readonly resolve: () => void
  readonly reject: (error: Fault) => void
}

export function createAuditQueue(
  { lines, append, clock, log }: AuditQueuePorts,
  settings: AuditQueueSettings = AUDIT_QUEUE,
): AuditQueue {
  let waiting: AuditRecord[] = []
  let recorded = 0
  let written = 0
  let dropped = 0
  let droppedUnsaid = 0
  let isFailing = false
  let waiters: Waiter[] = []
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined

  const schedule = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined
      void flush()
    }, ms).unref()
  }

  const flush = (): Promise<void> => {
    flushing ??= writeOn().finally(() => {
      flushing = undefined
      // A failed batch is retried later; records that arrived meanwhile are written soon.
      if (waiting.length > 0) schedule(isFailing ? settings.retryMs : settings.pauseMs)
    })
    return flushing
  }

  async function writeOn(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, settings.batch)
      try {
        await appendAll(batch)
      } catch (error) {
        if (!isFailing) log.error({ err: error }, 'audit records cannot be kept; they wait')
        isFailing = true
        const fault = notKept(error)
        for (const { reject } of waiters.splice(0)) reject(fault)
        return
      }
      waiting = waiting.slice(batch.length)
      if (isFailing || droppedUnsaid > 0) log.warn({ dropped: droppedUnsaid }, 'audit records are kept again')
      isFailing = false
      droppedUnsaid = 0
      const done = recorded - waiting.length
      waiters = waiters.filter(({ upTo, resolve }) => {
        if (upTo > done) return true
        resolve()
        return false
      })
    }
  }

  /** A record that the database never accepts must not prevent the others from being written. */
  async function appendAll(batch: readonly AuditRecord[]): Promise<void> {
    try {
      await append(batch)
      written += batch.length
    } catch (error) {
      if (error instanceof Fault) throw error
      if (batch.length === 1) {
        dropped += 1
        log.error({ err: error }, 'an audit record cannot be stored; only its line in the log remains')
        // Whoever waits may wait for this one, and nobody gets in unrecorded where records are required (attack 42).
        for (const { reject } of waiters.splice(0)) reject(notKept(error))
        return
      }
      const middle = Math.ceil(batch.length / 2)
      await appendAll(batch.slice(0, middle))
      await appendAll(batch.slice(middle))
    }
  }

  return {
    record(entry) {
      lines.record(entry)
      if (waiting.length >= settings.capacity) {
        if (droppedUnsaid === 0)
          log.error({ waiting: waiting.length }, 'audit records are dropped; too many wait')
        dropped += 1
        droppedUnsaid += 1
        return
      }
      waiting.push({ at: clock(), entry })
      recorded += 1
      if (!isFailing) schedule(settings.pauseMs)
    },
    kept() {
      if (droppedUnsaid > 0) return Promise.reject(notKept(undefined))
      if (waiting.length === 0) return Promise.resolve()
      const kept = new Promise<void>((resolve, reject) => {
        waiters.push({ upTo: recorded, resolve, reject })
      })
      void flush()
      return kept
    },
    counts: () => ({ waiting: waiting.length, written, dropped }),
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await flushing
      await flush()
      clearTimeout(timer)
      if (waiting.length > 0) log.error({ records: waiting.length }, 'audit records were not kept')
    },
  }
}

const notKept = (cause: unknown): Fault =>
  new Fault({
    code: 'audit_not_kept',
    origin: 'store',
    message: 'The audit record cannot be written.',
    nextStep: 'Retry in a few seconds; the operator finds the cause in the log.',
    retryable: true,
    cause,
  })
