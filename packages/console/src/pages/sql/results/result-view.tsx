/** The outcome of one statement: rows, a plan, a command tag, a remark, or an error. */
import { statementsOf } from '@lakegate/sql-text'
import { useState } from 'react'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlResult, SqlState } from '../../../data/sql-state.ts'
import { Notice } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { ExplainView } from '../explain/explain-view.tsx'
import { CellPanel } from './cell-panel.tsx'
import { ErrorCard } from './error-card.tsx'
import type { GridPlace } from './grid-keys.ts'
import { ResultFoot } from './result-foot.tsx'
import { ResultGrid } from './result-grid.tsx'
import styles from './results.module.css'

export interface ResultViewProps {
  readonly session: SqlSession
  readonly state: SqlState
  readonly run: number
  readonly number: number
  readonly result: SqlResult
  readonly rowLimit: number
  readonly onGoToPosition: (offset: number, message: string) => void
}

export function ResultView(props: ResultViewProps) {
  const { session, state, run, number, result, rowLimit, onGoToPosition } = props
  const [place, setPlace] = useState<GridPlace>()
  const { columns, error, remark } = result
  const column = place === undefined ? undefined : columns?.[place.column]
  const isPlan = columns?.length === 1 && columns[0]?.name === 'QUERY PLAN' && result.rowCount === 1
  const canLoadMore = result.more && !state.isRunning && state.connection.kind === 'open'
  const isMoreGone = state.connection.kind !== 'open' && state.connection.kind !== 'lost'
  return (
    <div className={styles['result']}>
      {error !== undefined && (
        <ErrorCard
          error={error}
          onGoToPosition={
            error.offset === undefined ? undefined : () => onGoToPosition(error.offset ?? 0, error.message)
          }
        />
      )}
      {error !== undefined && !state.isRunning && hasMoreToRun(state, result) && (
        <p className={styles['note']}>{messages.sql.results.notRun}</p>
      )}
      {remark !== undefined && <Notice tone="info">{remark}</Notice>}
      {columns === undefined && error === undefined && remark === undefined && (
        <p className={styles['tag']}>
          <bdi>{result.tag ?? messages.sql.run.running}</bdi>
        </p>
      )}
      {columns !== undefined && isPlan && result.status === 'complete' && (
        <ExplainView session={session} run={run} result={result} />
      )}
      {columns !== undefined && !isPlan && (
        <ResultGrid
          label={messages.sql.grid.label(number)}
          columns={columns}
          rows={result.rows}
          rowCount={result.rowCount}
          hasMore={result.more || result.status === 'running'}
          onOpenCell={setPlace}
        />
      )}
      {columns !== undefined && (
        <ResultFoot
          result={result}
          timeZone={state.parameters['TimeZone']}
          rowLimit={rowLimit}
          isMoreGone={isMoreGone}
          onLoadMore={canLoadMore ? (rows) => session.loadMore(result.statement, rows) : undefined}
        />
      )}
      {place !== undefined && column !== undefined && (
        <CellPanel
          key={`${String(place.row)}-${String(place.column)}`}
          session={session}
          address={{ run, statement: result.statement, ...place }}
          column={column}
          cell={result.rows[place.row]?.[place.column] ?? null}
          onClose={() => setPlace(undefined)}
        />
      )}
    </div>
  )
}

/** PostgreSQL stopped at this statement; the statements after it were not run. */
function hasMoreToRun({ run }: SqlState, { statement, end }: SqlResult): boolean {
  if (run === undefined || run.results.at(-1)?.statement !== statement) return false
  return statementsOf(run.sql.slice(end)).next().done !== true
}
