/** `/healthz`: the process lives. `/readyz`: it can do its work. For load balancers; they learn names, not reasons. */
import type { PublicRoute } from '../route.ts'

export interface ReadinessCheck {
  readonly name: string
  /** Rejects when the thing is not ready. */
  check(): Promise<void>
}

export function healthRoutes(checks: readonly ReadinessCheck[]): readonly PublicRoute[] {
  return [
    { method: 'GET', path: '/healthz', answer: () => Promise.resolve({ body: { status: 'alive' } }) },
    {
      method: 'GET',
      path: '/readyz',
      async answer() {
        const results = await Promise.allSettled(checks.map(async ({ check }) => check()))
        const failed = checks
          .filter((_check, index) => results[index]?.status === 'rejected')
          .map(({ name }) => name)
        return failed.length === 0
          ? { body: { status: 'ready' } }
          : { status: 503, headers: { 'retry-after': '2' }, body: { status: 'not_ready', failed } }
      },
    },
  ]
}
