/** How an instance was used over time. */
import type { InstanceMetricsAnswer } from '@lakegate/client'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'
import { instanceKeys } from './instances.ts'

/** How far back the charts reach, in minutes. */
export const SPANS = { '15m': 15, '1h': 60, '24h': 1440 } as const
export type Span = keyof typeof SPANS

const MINUTE = 60_000
/** More points than a chart has pixels are useless. */
const MOST_POINTS = 360
const ASK_AGAIN = 10_000

export const metricsQuery = (instance: string, span: Span) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'metrics', span],
    queryFn: ({ signal }) =>
      get<InstanceMetricsAnswer>(
        `/2.0/lakegate/instances/${encodeURIComponent(instance)}/metrics`,
        { since: new Date(Date.now() - SPANS[span] * MINUTE).toISOString(), points: MOST_POINTS },
        signal,
      ),
    refetchInterval: ASK_AGAIN,
    placeholderData: keepPreviousData,
  })
