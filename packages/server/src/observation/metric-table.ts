/** Every metric in one table: type, labels, meaning. docs/metrics.md is rendered from it, and a test compares them. */

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly sentence: string
}

export const METRICS = {
  lakegate_logins_total: {
    type: 'counter',
    labels: [],
    sentence: 'Logins that opened a session.',
  },
  lakegate_login_refusals_total: {
    type: 'counter',
    labels: ['reason'],
    sentence:
      'Logins that were refused, by the name of the refusal in refusals.md; `internal_error` for defects of Lakegate, `backend` for refusals by PostgreSQL.',
  },
  lakegate_login_seconds: {
    type: 'histogram',
    labels: [],
    sentence: 'Time from the connection to the open session, including the time that the client takes.',
  },
  lakegate_login_step_seconds: {
    type: 'histogram',
    labels: ['step'],
    sentence:
      'What a login waits for: `role_facts` (the instance), `login_facts` (the system database), `verify_token`, `open_backend` (also counted for pools, although pooled sessions seldom wait for it).',
  },
  lakegate_token_verifications_total: {
    type: 'counter',
    labels: ['result'],
    sentence: 'Verifications of tokens at logins: `accepted`, or why the token was rejected.',
  },
  lakegate_open_sessions: {
    type: 'gauge',
    labels: [],
    sentence: 'Sessions that are open now.',
  },
  lakegate_sessions_ended_total: {
    type: 'counter',
    labels: ['reason'],
    sentence:
      'Sessions that ended before their clients ended them: `session_ended` when a user ended them, otherwise the reason in the audit log.',
  },
  lakegate_session_bytes_total: {
    type: 'counter',
    labels: ['direction'],
    sentence: 'Bytes of sessions between gateway and PostgreSQL: `from_client`, `to_client`.',
  },
  lakegate_pool_backends: {
    type: 'gauge',
    labels: ['instance', 'state'],
    sentence:
      'Backends of the pools of an instance (its uid): `in_use` (including those being opened or emptied, or kept for a session) or `idle`.',
  },
  lakegate_pool_sessions: {
    type: 'gauge',
    labels: ['instance'],
    sentence: 'Sessions at the pooled endpoint that are open now.',
  },
  lakegate_pool_sessions_waiting: {
    type: 'gauge',
    labels: ['instance'],
    sentence: 'Pooled sessions that wait for a backend.',
  },
  lakegate_pool_waits_total: {
    type: 'counter',
    labels: ['instance'],
    sentence: 'How often a pooled session had to wait for a backend.',
  },
  lakegate_pool_wait_seconds_total: {
    type: 'counter',
    labels: ['instance'],
    sentence: 'Total time that pooled sessions waited for a backend.',
  },
  lakegate_pool_timeouts_total: {
    type: 'counter',
    labels: ['instance'],
    sentence: 'Waits that ended with `pool_exhausted` after `pool-wait-seconds`: alert on it.',
  },
  lakegate_pool_backends_opened_total: {
    type: 'counter',
    labels: ['instance'],
    sentence: 'Backends that were opened for pools.',
  },
  lakegate_pool_backends_closed_total: {
    type: 'counter',
    labels: ['instance', 'reason'],
    sentence:
      'Backends of pools that were closed: `evicted` for another pool, `unused` for `pool-idle-seconds` or more than may be idle, `outdated` by `pool-lifetime-seconds` or because settings of its role or database changed, `yielded` because a statement needs its database without other sessions or PostgreSQL had no place for another backend of its role or database, `lost` because its session broke off, its reset failed or PostgreSQL ended it.',
  },
  lakegate_pool_resets_total: {
    type: 'counter',
    labels: ['instance'],
    sentence: 'How often a backend was reset, for another session or because its session ended.',
  },
  lakegate_gateway_processes: {
    type: 'gauge',
    labels: [],
    sentence:
      'Processes of this node that accept PostgreSQL connections now, normally `gateway-workers` of them; 0 for a control plane without a gateway.',
  },
  lakegate_clock_skew_seconds: {
    type: 'gauge',
    labels: [],
    sentence:
      'How far the clock of this node is ahead of the system database’s (negative: behind), minus what the network delay may explain: alert above 2.5 in either direction.',
  },
  lakegate_audit_waiting: {
    type: 'gauge',
    labels: [],
    sentence: 'Audit records that are not in the system database yet.',
  },
  lakegate_audit_written_total: {
    type: 'counter',
    labels: [],
    sentence: 'Audit records that were written to the system database.',
  },
  lakegate_audit_dropped_total: {
    type: 'counter',
    labels: [],
    sentence: 'Audit records that were dropped, or could not be written: alert on it.',
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS
type NamesOf<Type extends MetricDefinition['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never
}[MetricName]
export type CounterMetric = NamesOf<'counter'>
export type HistogramMetric = NamesOf<'histogram'>
export type ReadMetric = NamesOf<'counter' | 'gauge'>
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]
