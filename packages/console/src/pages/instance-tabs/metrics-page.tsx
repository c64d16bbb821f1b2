/** How the instance was used over time (design 5.7). */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { InstanceMetricsAnswer } from '@lakegate/client'
import { instanceQuery, useMayDo } from '../../data/instances.ts'
import { metricsQuery, SPANS, type Span } from '../../data/metrics.ts'
import { useMay } from '../../data/session.ts'
import { Badge, STATE_ICONS } from '../../kit/badge.tsx'
import { RadioGroup } from '../../kit/choice.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { formatWithZone } from '../../text/format.ts'
import { useInstanceName } from '../instance/use-instance-name.ts'
import { ChartCard } from './chart-card.tsx'
import styles from './chart.module.css'
import { toCharts } from './metrics-charts.ts'
import { metricsSearch, useSearchOf } from './searches.ts'
import { Denied } from '../instance/denied.tsx'

export function MetricsPage() {
  const name = useInstanceName()
  const may = useMayDo(name, 'see_metrics')
  if (may === undefined) return <Skeleton />
  return may ? <Metrics instance={name} /> : <Denied />
}

const SPAN_NAMES = Object.keys(SPANS) as Span[]

function Metrics({ instance }: { readonly instance: string }) {
  const texts = messages.instanceTabs.metrics
  const { span = '1h' } = useSearchOf(metricsSearch)
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(metricsQuery(instance, span))
  if (data === undefined)
    return error === null ? <Skeleton /> : <PageError error={error} onRetry={() => void refetch()} />
  return (
    <>
      <Toolbar>
        <RadioGroup
          label={texts.span}
          value={span}
          options={SPAN_NAMES.map((value) => ({ value, label: texts.spans[value] }))}
          onChange={(value) => void navigate({ to: '.', search: { span: value }, replace: true })}
        />
        {data.silent_gateways > 0 && (
          <Badge tone="warn" icon={STATE_ICONS.wrong}>
            {texts.silent(data.silent_gateways)}
          </Badge>
        )}
      </Toolbar>
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      <Charts instance={instance} metrics={data} span={span} />
    </>
  )
}

interface ChartsProps {
  readonly instance: string
  readonly metrics: InstanceMetricsAnswer
  readonly span: Span
}

function Charts({ instance, metrics, span }: ChartsProps) {
  const texts = messages.instanceTabs.metrics
  const seesAudit = useMay('see_audit') === true
  const { data: shown } = useQuery(instanceQuery(instance))
  const since = formatWithZone(new Date(metrics.collected_since))
  if (metrics.points.length === 0)
    return <EmptyState>{texts.noData(since, metrics.interval_seconds)}</EmptyState>
  const auditOf =
    seesAudit && shown !== undefined
      ? (reason: string) => ({
          event: 'login',
          outcome: 'refused',
          reason,
          instance_uid: shown.uid,
          since: metrics.points[0]?.time,
        })
      : undefined
  return (
    <>
      <div className={styles['charts']}>
        {toCharts(metrics).map((chart) => (
          <ChartCard key={chart.id} chart={chart} group={`${instance} ${span}`} auditOf={auditOf} />
        ))}
      </div>
      <p>{texts.collectedSince(since)}</p>
    </>
  )
}
