/**
 * `/healthz`: the process is alive. `/readyz`: it can do its work. For load balancers; the answers name the failing
 * checks, but not the reasons.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, PublicRoute } from '../route.ts'

export interface HealthCheck {
  readonly name: string
  /** Rejects when the check fails. */
  check(): Promise<void>
}

/** Probes have a time limit of their own; a slower answer is useless to them. */
const CHECK_LIMIT_MS = 3_000
/** When a retry is reasonable. */
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
    // Whatever happens to the late check is ignored.
    late.catch(() => undefined)
  }
}

/**
 * For expensive checks: a request that arrives while a check is running gets the result of that check, so that many
 * requests cost as much as one.
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
