/** `/healthz`: the process lives. `/readyz`: it can do its work. For load balancers; they learn names, not reasons. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, PublicRoute } from '../route.ts'

export interface HealthCheck {
  readonly name: string
  /** Rejects when the thing is not as it should be. */
  check(): Promise<void>
}

/** Who asks has a limit of his own, and what takes this long serves nobody. */
const CHECK_LIMIT_MS = 3_000
/** When it is worth asking again. */
const RETRY_AFTER_SECONDS = '2'

export const answerAlive = (checks: readonly HealthCheck[] = [], limitMs = CHECK_LIMIT_MS): Promise<Answer> =>
  answer(checks, limitMs, 'alive', 'not_alive')
export const answerReady = (checks: readonly HealthCheck[], limitMs = CHECK_LIMIT_MS): Promise<Answer> =>
  answer(checks, limitMs, 'ready', 'not_ready')

async function answer(
  checks: readonly HealthCheck[],
  limitMs: number,
  good: string,
  bad: string,
): Promise<Answer> {
  const results = await Promise.allSettled(checks.map((check) => within(limitMs, check)))
  const failed = checks
    .filter((_check, index) => results[index]?.status === 'rejected')
    .map(({ name }) => name)
  return failed.length === 0
    ? { body: { status: good } }
    : { status: 503, headers: { 'retry-after': RETRY_AFTER_SECONDS }, body: { status: bad, failed } }
}

async function within(limitMs: number, { name, check }: HealthCheck): Promise<void> {
  const settled = new AbortController()
  const late = pause(limitMs, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`${name} did not answer in time`)
  })
  try {
    await Promise.race([check(), late])
  } finally {
    settled.abort()
    // Its own end is of no interest any more.
    late.catch(() => undefined)
  }
}

/**
 * For checks that cost something: who asks while one is under way gets its answer, so that many who ask cost as much as one.
 */
export function askedTogether({ name, check }: HealthCheck): HealthCheck {
  let underWay: Promise<void> | undefined
  return {
    name,
    check: () =>
      (underWay ??= check().finally(() => {
        underWay = undefined
      })),
  }
}

export function healthRoutes(checks: readonly HealthCheck[]): readonly PublicRoute[] {
  const ready = checks.map(askedTogether)
  return [
    { method: 'GET', path: '/healthz', answer: () => answerAlive() },
    { method: 'GET', path: '/readyz', answer: () => answerReady(ready) },
  ]
}
