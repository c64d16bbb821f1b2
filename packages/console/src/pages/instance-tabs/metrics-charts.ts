/** Converts the metrics of an instance to charts: series, the format of values, and a summary sentence. */
import type { InstanceMetricsAnswer, InstanceMetricsPoint } from '@lakegate/client'
import { messages } from '../../messages/index.ts'
import { formatBytes, formatClock, formatNumber } from '../../text/format.ts'

export type SeriesTone = 'accent' | 'ok' | 'neutral' | 'refusal'

export interface Series {
  readonly id: string
  readonly title: string
  readonly tone: SeriesTone
  /** One value for each time; null where there is none. */
  readonly values: readonly (number | null)[]
  /** Name of the refusal that the series counts. */
  readonly refusal?: string
  /** A horizontal line, which does not enlarge the scale. */
  readonly isLimit?: boolean
}

export interface Chart {
  readonly id: 'sessions' | 'logins' | 'loginTime' | 'bytes' | 'pool'
  readonly title: string
  readonly times: readonly Date[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  /** For counts: the scale has only whole numbers. */
  readonly isCount?: boolean
  /** The chart summarised in a sentence. */
  readonly summary: string
}

const texts = messages.instanceTabs.metrics
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
const largest = (values: readonly (number | null | undefined)[]): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)

/** @param metrics with at least one point */
export function toCharts(metrics: InstanceMetricsAnswer): readonly Chart[] {
  const { points } = metrics
  const times = points.map(({ time }) => new Date(time))
  const of = (read: (point: InstanceMetricsPoint) => number | undefined) =>
    points.map((point) => read(point) ?? null)
  const charts: readonly Omit<Chart, 'times' | 'title'>[] = [
    sessionsChart(metrics, of),
    loginsChart(points, of),
    loginTimeChart(points, of),
    bytesChart(metrics, of),
    // Without a pooled endpoint there is no such chart.
    ...(metrics.pooled_session_limit === undefined ? [] : [poolChart(of)]),
  ]
  return charts.map((chart) => ({ ...chart, times, title: texts.charts[chart.id] }))
}

type Reader = (read: (point: InstanceMetricsPoint) => number | undefined) => readonly (number | null)[]
type Untitled = Omit<Chart, 'times' | 'title'>

function sessionsChart(metrics: InstanceMetricsAnswer, of: Reader): Untitled {
  const open = of((point) => point.open_sessions)
  const most = largest(open)
  const at = metrics.points.find((point) => point.open_sessions === most)?.time
  return {
    id: 'sessions',
    format: formatNumber,
    isCount: true,
    series: [
      { id: 'open', title: texts.series.open, tone: 'accent', values: open },
      ...(metrics.pooled_session_limit === undefined
        ? []
        : [
            {
              id: 'pooled',
              title: texts.series.pooled,
              tone: 'ok' as const,
              values: of((point) => point.pooled_sessions),
            },
          ]),
      {
        id: 'limit',
        title: texts.series.limit,
        tone: 'neutral',
        values: of(() => metrics.session_limit),
        isLimit: true,
      },
    ],
    summary: texts.summary.sessions(
      formatNumber(open.at(-1) ?? 0),
      formatNumber(most),
      at === undefined ? '' : formatClock(new Date(at)),
      formatNumber(metrics.session_limit),
    ),
  }
}

function loginsChart(points: readonly InstanceMetricsPoint[], of: Reader): Untitled {
  const reasons = [...new Set(points.flatMap((point) => Object.keys(point.logins_refused)))].sort()
  const admitted = of((point) => point.logins_admitted)
  const refused = points.map((point) => sum(Object.values(point.logins_refused)))
  return {
    id: 'logins',
    format: formatNumber,
    isCount: true,
    series: [
      { id: 'admitted', title: texts.series.admitted, tone: 'ok', values: admitted },
      ...reasons.map((reason) => ({
        id: `refused ${reason}`,
        title: texts.refusalsOf(reason),
        tone: 'refusal' as const,
        refusal: reason,
        values: of((point) => point.logins_refused[reason] ?? 0),
      })),
    ],
    summary: texts.summary.logins(
      formatNumber(sum(admitted.map((value) => value ?? 0))),
      formatNumber(sum(refused)),
    ),
  }
}

function loginTimeChart(points: readonly InstanceMetricsPoint[], of: Reader): Untitled {
  const format = (value: number) => texts.milliseconds(formatNumber(value))
  const p50 = points.flatMap(({ login_milliseconds_p50: value }) => (value === undefined ? [] : [value]))
  const p99 = of((point) => point.login_milliseconds_p99)
  return {
    id: 'loginTime',
    format,
    series: [
      {
        id: 'p50',
        title: texts.series.p50,
        tone: 'accent',
        values: of((point) => point.login_milliseconds_p50),
      },
      { id: 'p99', title: texts.series.p99, tone: 'refusal', values: p99 },
    ],
    summary:
      p50.length === 0
        ? texts.summary.noLogins
        : texts.summary.loginTime(format(median(p50)), format(largest(p99))),
  }
}

function bytesChart({ points, interval_seconds: interval }: InstanceMetricsAnswer, of: Reader): Untitled {
  return {
    id: 'bytes',
    format: (value) => texts.perSecond(formatBytes(value)),
    series: [
      {
        id: 'fromClient',
        title: texts.series.fromClient,
        tone: 'accent',
        values: of((point) => point.bytes_from_client / interval),
      },
      {
        id: 'toClient',
        title: texts.series.toClient,
        tone: 'ok',
        values: of((point) => point.bytes_to_client / interval),
      },
    ],
    summary: texts.summary.bytes(
      formatBytes(sum(points.map((point) => point.bytes_from_client))),
      formatBytes(sum(points.map((point) => point.bytes_to_client))),
    ),
  }
}

function poolChart(of: Reader): Untitled {
  const inUse = of((point) => point.pooled_backends_in_use)
  const waiting = of((point) => point.pooled_clients_waiting)
  return {
    id: 'pool',
    format: formatNumber,
    isCount: true,
    series: [
      { id: 'inUse', title: texts.series.inUse, tone: 'accent', values: inUse },
      { id: 'waiting', title: texts.series.waiting, tone: 'refusal', values: waiting },
    ],
    summary: texts.summary.pool(formatNumber(largest(inUse)), formatNumber(largest(waiting))),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
