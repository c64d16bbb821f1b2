/** A chart with everything besides the drawing: a sentence, a legend with values, a table. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { DataTable } from '../../kit/data-table.tsx'
import { Card } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'
import { formatWithZone } from '../../text/format.ts'
import { formatStamp } from '../../text/stamp.ts'
import type { AuditSearch } from '../audit/audit-search.ts'
import { classes } from '../../kit/classes.ts'
import { ChartCanvas } from './chart-canvas.tsx'
import { colourName } from './chart-colours.ts'
import type { Chart } from './metrics-charts.ts'
import styles from './chart.module.css'

export interface ChartCardProps {
  readonly chart: Chart
  /** Charts of one group share the cursor position. */
  readonly group: string
  /** Undefined for a person who may not see the audit. */
  readonly auditOf: ((reason: string) => AuditSearch) | undefined
}

export function ChartCard({ chart, group, auditOf }: ChartCardProps) {
  const texts = messages.instanceTabs.metrics
  const [at, setAt] = useState<number>()
  // Without a cursor the legend shows the latest values.
  const place = at ?? chart.times.length - 1
  const time = chart.times[place]
  return (
    <Card title={chart.title}>
      <p className={styles['summary']}>{chart.summary}</p>
      <ChartCanvas chart={chart} group={group} onCursor={setAt} />
      <ul className={styles['legend']}>
        {time !== undefined && (
          <li className={styles['time']} title={formatWithZone(time)}>
            {formatStamp(time.toISOString())}
          </li>
        )}
        {chart.series.map((series, index) => (
          <li key={series.id}>
            <span className={classes(styles['swatch'], styles[colourName(series, index)])} aria-hidden />
            {series.refusal !== undefined && auditOf !== undefined ? (
              <Link to="/audit" search={auditOf(series.refusal)} title={texts.seeInAudit(series.refusal)}>
                {series.title}
              </Link>
            ) : (
              <span>{series.title}</span>
            )}
            <span className={styles['value']}>{valueAt(chart, series.values[place])}</span>
          </li>
        ))}
      </ul>
      <ChartTable chart={chart} />
    </Card>
  )
}

const valueAt = (chart: Chart, value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : chart.format(value)

/** Rendered only when somebody opens it. */
function ChartTable({ chart }: { readonly chart: Chart }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{messages.kit.showAsTable}</summary>
      {isOpen && (
        <DataTable
          label={chart.title}
          items={chart.times.map((time, place) => ({ time, place }))}
          keyOf={({ place }) => String(place)}
          nameOf={({ time }) => formatStamp(time.toISOString())}
          sort={{ column: 'time', direction: 'descending' }}
          empty={null}
          columns={[
            {
              id: 'time',
              title: messages.instanceTabs.metrics.time,
              render: ({ time }) => formatStamp(time.toISOString()),
              sortBy: ({ time }) => time.getTime(),
            },
            ...chart.series.map((series) => ({
              id: series.id,
              title: series.title,
              isNumeric: true,
              render: ({ place }: { readonly place: number }) => valueAt(chart, series.values[place]),
              sortBy: ({ place }: { readonly place: number }) => series.values[place] ?? -1,
            })),
          ]}
        />
      )}
    </details>
  )
}
