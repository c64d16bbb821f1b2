import type { InstanceMetricsAnswer, InstanceMetricsPoint } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { toCharts } from '../src/pages/instance-tabs/metrics-charts.ts'

const point = (second: number, more: Partial<InstanceMetricsPoint> = {}): InstanceMetricsPoint => ({
  time: new Date(Date.UTC(2026, 10, 27, 6, 0, second)).toISOString(),
  open_sessions: 0,
  pooled_sessions: 0,
  logins_admitted: 0,
  logins_refused: {},
  bytes_from_client: 0,
  bytes_to_client: 0,
  pooled_backends_in_use: 0,
  pooled_clients_waiting: 0,
  ...more,
})
const metrics = (points: InstanceMetricsPoint[], pooled?: number): InstanceMetricsAnswer => ({
  interval_seconds: 10,
  collected_since: '2026-11-27T06:00:00.000Z',
  session_limit: 100,
  ...(pooled === undefined ? {} : { pooled_session_limit: pooled }),
  silent_gateways: 0,
  points,
})
const chartOf = (answer: InstanceMetricsAnswer, id: string) =>
  toCharts(answer).find((chart) => chart.id === id)

describe('charts of an instance', () => {
  it('have a series for each refusal by its name, with zeros where it did not happen', () => {
    const chart = chartOf(
      metrics([
        point(0, { logins_admitted: 2, logins_refused: { not_a_member: 3 } }),
        point(10, { logins_refused: { token_expired: 1 } }),
      ]),
      'logins',
    )
    expect(chart?.series.map(({ refusal, values }) => [refusal, values])).toEqual([
      [undefined, [2, 0]],
      ['not_a_member', [3, 0]],
      ['token_expired', [0, 1]],
    ])
    expect(chart?.summary).toBe('Logins: 2 admitted, 4 refused.')
  })

  it('leave a gap where nobody logged in', () => {
    const chart = chartOf(
      metrics([point(0), point(10, { login_milliseconds_p50: 5, login_milliseconds_p99: 9 })]),
      'loginTime',
    )
    expect(chart?.series.map(({ values }) => values)).toEqual([
      [null, 5],
      [null, 9],
    ])
    expect(chartOf(metrics([point(0)]), 'loginTime')?.summary).toBe('Nobody logged in in this time.')
  })

  it('write bytes by the second, whatever the interval', () => {
    const chart = chartOf(metrics([point(0, { bytes_from_client: 50, bytes_to_client: 20 })]), 'bytes')
    expect(chart?.series.map(({ values }) => values)).toEqual([[5], [2]])
  })

  it('show the pooled endpoint only where there is one', () => {
    expect(chartOf(metrics([point(0)]), 'pool')).toBeUndefined()
    expect(chartOf(metrics([point(0)], 50), 'pool')).toBeDefined()
  })
})
