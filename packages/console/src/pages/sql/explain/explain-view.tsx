/** A plan of EXPLAIN: the tree with the remarkable nodes marked, the text, and the original JSON. */
import { IconAlertTriangle, IconClock } from '@tabler/icons-react'
import { useEffect, useMemo, useState } from 'react'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlResult } from '../../../data/sql-state.ts'
import { Badge } from '../../../kit/badge.tsx'
import { CodeBlock } from '../../../kit/copy.tsx'
import { Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { formatNumber } from '../../../text/format.ts'
import { useWholeCell } from '../results/use-whole-cell.ts'
import { ViewSwitch } from '../results/view-switch.tsx'
import styles from './explain.module.css'
import { planText } from './plan-text.ts'
import { readPlan, type Plan, type PlanNode } from './plan.ts'

export interface ExplainViewProps {
  readonly session: SqlSession
  readonly run: number
  readonly result: SqlResult
}

export function ExplainView({ session, run, result }: ExplainViewProps) {
  const [view, setView] = useState<'tree' | 'text' | 'json'>('tree')
  const address = { run, statement: result.statement, row: 0, column: 0 }
  const { pieces, isWhole, isGone, isLoading, loadAll } = useWholeCell(
    session,
    address,
    result.rows[0]?.[0] ?? null,
  )
  const mustLoad = !isWhole && !isGone && !isLoading
  useEffect(() => {
    // A plan is a single cell, and a long one is loaded in pieces.
    if (mustLoad) void loadAll()
  }, [mustLoad])
  const text = pieces.join('')
  const plan = useMemo(() => (isWhole ? readPlan(text) : undefined), [isWhole, text])
  if (!isWhole && !isGone) return <Skeleton />
  return (
    <div className={styles['plan']}>
      {plan !== undefined && (
        <ViewSwitch
          label={messages.sql.plan.view}
          value={view}
          onChange={setView}
          views={{ tree: messages.sql.plan.tree, text: messages.sql.plan.text, json: messages.sql.plan.json }}
        />
      )}
      {plan !== undefined && view === 'tree' && <PlanTree plan={plan} />}
      {plan !== undefined && view === 'text' && (
        <CodeBlock what={messages.sql.plan.label} code={planText(plan)} />
      )}
      {(plan === undefined || view === 'json') && <CodeBlock what={messages.sql.plan.label} code={text} />}
    </div>
  )
}

function PlanTree({ plan }: { readonly plan: Plan }) {
  const { planningTime, executionTime } = plan
  return (
    <>
      <ol className={styles['tree']} aria-label={messages.sql.plan.label}>
        {plan.nodes.map((node) => (
          <li key={node.id} style={{ marginInlineStart: `${String(node.depth * 1.25)}rem` }}>
            <Node
              node={node}
              isSlowest={plan.slowest === node.id}
              isMisestimated={plan.mostMisestimated === node.id}
            />
          </li>
        ))}
      </ol>
      <p className={styles['times']}>
        {planningTime !== undefined && <span>{messages.sql.plan.planning(milliseconds(planningTime))}</span>}
        {executionTime !== undefined && (
          <span>{messages.sql.plan.execution(milliseconds(executionTime))}</span>
        )}
      </p>
    </>
  )
}

const milliseconds = (value: number): string => value.toFixed(value < 10 ? 3 : 1)

interface NodeProps {
  readonly node: PlanNode
  readonly isSlowest: boolean
  readonly isMisestimated: boolean
}

function Node({ node, isSlowest, isMisestimated }: NodeProps) {
  const measures = [
    node.ownTime === undefined ? undefined : messages.sql.plan.ownTime(milliseconds(node.ownTime)),
    node.loops === 0
      ? messages.sql.plan.neverRan
      : node.actualRows === undefined
        ? undefined
        : messages.sql.plan.actual(formatNumber(node.actualRows)),
    messages.sql.plan.estimated(formatNumber(node.estimatedRows)),
    node.loops === undefined || node.loops < 2
      ? undefined
      : messages.sql.plan.loops(formatNumber(node.loops)),
    messages.sql.plan.cost(formatNumber(node.cost)),
  ].filter((measure) => measure !== undefined)
  return (
    <div
      className={styles['node']}
      data-slowest={isSlowest || undefined}
      data-misestimated={isMisestimated || undefined}
    >
      <div className={styles['title']}>
        <bdi>{node.title}</bdi>
        {isSlowest && (
          <Badge tone="danger" icon={<IconClock size={12} aria-hidden />}>
            {messages.sql.plan.slowest}
          </Badge>
        )}
        {isMisestimated && (
          <Badge tone="warn" icon={<IconAlertTriangle size={12} aria-hidden />}>
            {messages.sql.plan.misestimated(formatNumber(Math.round(node.misestimate ?? 1)))}
          </Badge>
        )}
      </div>
      <div className={styles['measures']}>
        {measures.map((measure) => (
          <span key={measure}>{measure}</span>
        ))}
      </div>
      {node.details.length > 0 && (
        <dl className={styles['details']}>
          {node.details.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}
