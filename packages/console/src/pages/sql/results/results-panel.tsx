/** Below the editor: a tab for each statement of the last run, and its messages. Alt+1 to Alt+9 select a tab. */
import { useEffect, useState } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlResult, SqlState } from '../../../data/sql-state.ts'
import { Notice } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { MessagesView } from './messages-view.tsx'
import { ResultView } from './result-view.tsx'
import styles from './results.module.css'

export interface ResultsPanelProps {
  readonly session: SqlSession
  readonly state: SqlState
  readonly rowLimit: number
  readonly onGoToPosition: (offset: number, message: string) => void
}

const MESSAGES = 'messages'

export function ResultsPanel({ session, state, rowLimit, onGoToPosition }: ResultsPanelProps) {
  const { run } = state
  const [chosen, setChosen] = useState<{ readonly run: number; readonly key: string }>()
  const results = run?.results ?? []
  const keys = [...results.map(({ statement }) => String(statement)), MESSAGES]
  const last = results.at(-1)
  // By default the latest result is shown; a choice of the person lasts for this run.
  const shown =
    chosen !== undefined && chosen.run === run?.run && keys.includes(chosen.key)
      ? chosen.key
      : last === undefined
        ? MESSAGES
        : String(last.statement)
  const runNumber = run?.run ?? 0
  useEffect(() => {
    const choose = (event: KeyboardEvent) => {
      const key = /^Digit[1-9]$/.test(event.code) ? keys[Number(event.code.slice(-1)) - 1] : undefined
      if (!event.altKey || event.ctrlKey || event.metaKey || key === undefined) return
      event.preventDefault()
      setChosen({ run: runNumber, key })
    }
    addEventListener('keydown', choose)
    return () => removeEventListener('keydown', choose)
  })
  if (run === undefined) return <p className={styles['empty']}>{messages.sql.results.empty}</p>
  return (
    <Tabs
      className={styles['panel'] ?? ''}
      selectedKey={shown}
      onSelectionChange={(key) => setChosen({ run: run.run, key: String(key) })}
    >
      <TabList className={styles['tabs'] ?? ''} aria-label={messages.sql.results.label}>
        {results.map((result, index) => (
          <Tab key={result.statement} id={String(result.statement)} className={styles['tab'] ?? ''}>
            <bdi>{messages.sql.results.tab(index + 1, summaryOf(result))}</bdi>
          </Tab>
        ))}
        <Tab id={MESSAGES} className={styles['tab'] ?? ''}>
          {messages.sql.results.messages(run.messages.length + run.droppedMessages)}
        </Tab>
      </TabList>
      {run.isLost && <Notice tone="warn">{messages.sql.run.notSent}</Notice>}
      {run.problem !== undefined && <Notice tone="warn">{run.problem}</Notice>}
      {results.map((result, index) => (
        <TabPanel key={result.statement} id={String(result.statement)} className={styles['tabPanel'] ?? ''}>
          <ResultView
            key={run.run}
            session={session}
            state={state}
            run={run.run}
            number={index + 1}
            result={result}
            rowLimit={rowLimit}
            onGoToPosition={onGoToPosition}
          />
        </TabPanel>
      ))}
      <TabPanel id={MESSAGES} className={styles['tabPanel'] ?? ''}>
        <MessagesView run={run} />
      </TabPanel>
    </Tabs>
  )
}

function summaryOf({ status, tag, columns, rowCount, more }: SqlResult): string {
  if (status === 'failed') return messages.sql.results.failed
  if (columns !== undefined && (status === 'running' || more || tag === undefined))
    return messages.sql.results.rowsOf(rowCount, more || status === 'running')
  return (
    tag ??
    (status === 'running' ? messages.sql.results.runningTab : messages.sql.results.rowsOf(rowCount, more))
  )
}
