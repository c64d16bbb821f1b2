/** Connects the metrics with the values that they measure, and serves them. */
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import type { LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { PoolFigures } from '../gateway/pooled/pool-counts.ts'
import { createMetricsHandler } from '../http/metrics.ts'
import type { AuditQueue } from '../observation/audit-queue.ts'
import type { ActivityCounter } from '../observation/activity-counter.ts'
import type { ReadMetric } from '../observation/metric-table.ts'
import { createMetrics, renderMetrics, type Metrics, type MetricsSnapshot } from '../observation/metrics.ts'
import type { LoginMetrics } from '../operations/ports/metrics.ts'

export function buildMetrics(audit: Pick<AuditQueue, 'counts'>): Metrics {
  const metrics = createMetrics()
  metrics.read('lakegate_audit_waiting', () => [{ value: audit.counts().waiting }])
  metrics.read('lakegate_audit_written_total', () => [{ value: audit.counts().written }])
  metrics.read('lakegate_audit_dropped_total', () => [{ value: audit.counts().dropped }])
  return metrics
}

export const loginMetrics = (
  metrics: Metrics,
  activity: Pick<ActivityCounter, 'loginAdmitted' | 'loginRefused'>,
): LoginMetrics => ({
  loginAdmitted(instanceUid, milliseconds) {
    activity.loginAdmitted(instanceUid, milliseconds)
    metrics.count('lakegate_logins_total')
    metrics.observe('lakegate_login_seconds', milliseconds / 1000)
  },
  loginRefused(instanceUid, reason) {
    if (instanceUid !== undefined) activity.loginRefused(instanceUid, reason)
    metrics.count('lakegate_login_refusals_total', { reason })
  },
  async timed(step, work) {
    const began = performance.now()
    try {
      return await work()
    } finally {
      metrics.observe('lakegate_login_step_seconds', (performance.now() - began) / 1000, { step })
    }
  },
})

/** @param figures returns the figures of every instance; called at each scrape */
export function readPools(metrics: Metrics, figures: () => readonly PoolFigures[]): void {
  const read = (
    name: ReadMetric,
    values: (
      of: PoolFigures,
    ) => readonly (readonly [value: number, labels?: Readonly<Record<string, string>>])[],
  ) => {
    metrics.read(name, () =>
      figures().flatMap((of) =>
        values(of).map(([value, labels]) => ({ labels: { instance: of.instanceUid, ...labels }, value })),
      ),
    )
  }
  read('lakegate_pool_backends', ({ backendsInUse, backendsIdle }) => [
    [backendsInUse, { state: 'in_use' }],
    [backendsIdle, { state: 'idle' }],
  ])
  read('lakegate_pool_sessions', ({ sessions }) => [[sessions]])
  read('lakegate_pool_sessions_waiting', ({ waiting }) => [[waiting]])
  read('lakegate_pool_waits_total', ({ counts }) => [[counts.waits]])
  read('lakegate_pool_wait_seconds_total', ({ counts }) => [[counts.waitedMs / 1000]])
  read('lakegate_pool_timeouts_total', ({ counts }) => [[counts.timeouts]])
  read('lakegate_pool_backends_opened_total', ({ counts }) => [[counts.opened]])
  read('lakegate_pool_backends_closed_total', ({ counts }) =>
    Object.entries(counts.closed).map(([reason, count]) => [count, { reason }] as const),
  )
  read('lakegate_pool_resets_total', ({ counts }) => [[counts.resets]])
}

/**
 * @param others reads the metrics of the other processes of this node
 * @returns undefined when `metrics` is off
 * @throws Fault configuration_invalid
 */
export async function buildMetricsHandler(
  settings: LoadedSettings,
  metrics: Metrics,
  others: () => Promise<readonly MetricsSnapshot[]>,
): Promise<RequestListener | undefined> {
  const access = settings.metrics.value
  if (access === 'off') return undefined
  const token = access === 'bearer' ? await readToken(settings['metrics-token-file'].value) : undefined
  return createMetricsHandler(token, async () =>
    renderMetrics(await Promise.all([metrics.snapshot(), others()]).then(([own, rest]) => [own, ...rest])),
  )
}

async function readToken(file: string | undefined): Promise<Redacted<string>> {
  let token = ''
  let cause: unknown
  try {
    if (file !== undefined) token = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    cause = error
  }
  if (token !== '') return new Redacted(token)
  throw new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message: 'metrics is "bearer", and metrics-token-file names no file that holds a token.',
    nextStep: 'Name a file that Lakegate may read and that holds the token alone.',
    cause,
  })
}
