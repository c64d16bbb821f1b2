/**
 * Every node compares its clock with the clock of the system database: the validity times of tokens were written by
 * other nodes.
 */
import type { Log } from '../observation/log.ts'
import type { Metrics } from '../observation/metrics.ts'
import type { Clock } from '../operations/ports/clock.ts'
import { certainSkewSeconds, judgeClock, type ClockJudgement } from '../policy/clock-skew.ts'

const COMPARE_EVERY_MS = 60 * 1000

/**
 * Compares now and every minute. Logs when the clock becomes wrong and when it is right again.
 * @returns a function that stops it
 */
export function watchClock(ports: {
  readonly askDatabaseTime: () => Promise<Date>
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'read'>
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly everyMs?: number
}): () => Promise<void> {
  const { clock, log } = ports
  let skewSeconds: number | undefined
  let judgement: ClockJudgement = 'right'
  ports.metrics.read('lakegate_clock_skew_seconds', () =>
    skewSeconds === undefined ? [] : [{ value: skewSeconds }],
  )
  const compare = async () => {
    const askedAt = clock()
    // A monotonic clock: setting the system clock meanwhile must not change the measured round trip.
    const began = performance.now()
    const databaseTime = await ports.askDatabaseTime()
    const roundTripMs = performance.now() - began
    skewSeconds = certainSkewSeconds({ askedAt, roundTripMs, databaseTime })
    const judged = judgeClock(skewSeconds)
    if (judged === judgement) return
    judgement = judged
    if (judged === 'right')
      log.info({ skewSeconds }, 'the clock of this node agrees with the system database’s again')
    else
      log.warn(
        {
          skewSeconds,
          nextStep:
            'Let NTP set the clocks of all nodes and of the system database (timedatectl, chronyc tracking).',
        },
        `the clock of this node is ${judged === 'ahead' ? 'ahead of' : 'behind'} the system database’s: tokens may be refused, or be good too long`,
      )
  }
  let running: Promise<void> = Promise.resolve()
  const run = () => {
    running = running.then(compare).catch((error: unknown) => {
      log.warn(
        { err: error },
        'the clock could not be compared with the system database’s; the next attempt is in a minute',
      )
    })
  }
  run()
  const timer = setInterval(run, ports.everyMs ?? COMPARE_EVERY_MS).unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
