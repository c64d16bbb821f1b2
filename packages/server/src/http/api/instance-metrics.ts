/** How an instance was used over time: an addition to the real service's API. */
import type { InstanceMetricsAnswer, InstanceMetricsPoint } from '@lakegate/client'
import { z } from 'zod'
import type { ActivityPoint } from '../../domain/instance-activity.ts'
import {
  readInstanceMetrics,
  type InstanceMetricsPorts,
} from '../../operations/instances/read-instance-metrics.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { noBody } from '../shapes.ts'

/** More than the pixels of a chart. */
const MOST_POINTS = 1_500

const question = z.looseObject({
  since: z.iso
    .datetime({ offset: true, error: 'must be an instant such as 2026-01-31T00:00:00Z.' })
    .transform((value) => new Date(value))
    .optional(),
  points: z.coerce.number('must be a whole number.').int().min(2).max(MOST_POINTS).optional(),
})

export interface InstanceMetricsRoutePorts extends InstanceMetricsPorts {
  readonly sessionLimits: { readonly direct: number; readonly pooled: number | undefined }
}

export function instanceMetricsRoutes(ports: InstanceMetricsRoutePorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/2.0/lakegate/instances/:instance/metrics',
      scopes: ['postgres'],
      params: z.object({ instance: z.string() }),
      query: question,
      body: noBody,
      async handle({ params, query, caller }) {
        const metrics = await readInstanceMetrics(ports, caller, {
          instance: params.instance,
          since: query.since,
          mostPoints: query.points ?? MOST_POINTS,
        })
        const { direct, pooled } = ports.sessionLimits
        const body: InstanceMetricsAnswer = {
          interval_seconds: metrics.intervalSeconds,
          collected_since: metrics.collectedSince.toISOString(),
          session_limit: direct,
          ...(pooled === undefined ? {} : { pooled_session_limit: pooled }),
          silent_gateways: metrics.silentGateways,
          points: metrics.points.map(show),
        }
        return { body }
      },
    }),
  ]
}

const show = (point: ActivityPoint): InstanceMetricsPoint => ({
  time: point.at.toISOString(),
  open_sessions: point.openSessions,
  pooled_sessions: point.pooledSessions,
  logins_admitted: point.loginsAdmitted,
  logins_refused: point.loginsRefused,
  ...(point.loginMillisecondsP50 === undefined
    ? {}
    : { login_milliseconds_p50: rounded(point.loginMillisecondsP50) }),
  ...(point.loginMillisecondsP99 === undefined
    ? {}
    : { login_milliseconds_p99: rounded(point.loginMillisecondsP99) }),
  bytes_from_client: point.bytesFromClient,
  bytes_to_client: point.bytesToClient,
  pooled_backends_in_use: point.pooledBackendsInUse,
  pooled_clients_waiting: point.pooledClientsWaiting,
})

/** The buckets behind the values are wider than this rounding. */
const rounded = (milliseconds: number): number => Math.round(milliseconds * 100) / 100
