/** Run, Run all, Explain, Analyze, Cancel; the row limit, and whether to stop at an error. */
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { Button } from '../../../kit/button.tsx'
import { Select, Switch } from '../../../kit/choice.tsx'
import { useIsPhone } from '../../../kit/use-is-phone.ts'
import { useNow } from '../../../kit/time.tsx'
import { messages } from '../../../messages/index.ts'
import { formatNumber } from '../../../text/format.ts'
import type { ExplainKind } from '../explain/explain-statement.ts'
import { ROW_LIMITS, workbench, type EditorTab } from './workbench.ts'
import styles from './workbench.module.css'

export interface RunBarProps {
  readonly tab: EditorTab
  readonly session: SqlSession | undefined
  readonly state: SqlState
  readonly onRun: (what: 'current' | 'all') => void
  readonly onExplain: (kind: ExplainKind) => void
}

const limits = ROW_LIMITS.map((limit) => ({
  value: String(limit),
  label: messages.sql.run.rowsAtMost(formatNumber(limit)),
}))
const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent)

export function RunBar({ tab, session, state, onRun, onExplain }: RunBarProps) {
  const isPhone = useIsPhone()
  const cannotRun = session === undefined || state.isRunning || state.connection.kind === 'lost'
  return (
    <div className={styles['runBar']} role="group" aria-label={messages.sql.run.bar}>
      <span className={styles['floating']}>
        <Button
          kind="primary"
          isSmall={!isPhone}
          isDisabled={cannotRun}
          icon={<IconPlayerPlay size={16} aria-hidden />}
          onPress={() => onRun('current')}
        >
          {messages.sql.run.run}
          <kbd aria-hidden>{IS_APPLE ? '⌘⏎' : 'Ctrl ⏎'}</kbd>
        </Button>
      </span>
      <Button isSmall isDisabled={cannotRun} onPress={() => onRun('all')}>
        {messages.sql.run.runAll}
      </Button>
      <Button isSmall isDisabled={cannotRun} onPress={() => onExplain('explain')}>
        {messages.sql.run.explain}
      </Button>
      <Button isSmall isDisabled={cannotRun} onPress={() => onExplain('analyze')}>
        {messages.sql.run.analyze}
      </Button>
      {state.isRunning && session !== undefined && <CancelButtons session={session} state={state} />}
      <span className={styles['options']}>
        <span className={styles['limit']}>
          <Select
            label={messages.sql.run.rowLimit}
            isLabelHidden
            options={limits}
            value={String(tab.rowLimit)}
            onChange={(value) => workbench.set(tab.id, { rowLimit: Number(value) })}
          />
        </span>
        <Switch
          isSelected={tab.continuesAfterErrors}
          onChange={(continuesAfterErrors) => workbench.set(tab.id, { continuesAfterErrors })}
        >
          {messages.sql.run.goOn}
        </Switch>
      </span>
    </div>
  )
}

/** If PostgreSQL has not reacted to a cancel for so long, the button to end the session is offered. */
const OFFER_END_AFTER = 10_000

function CancelButtons({ session, state }: { readonly session: SqlSession; readonly state: SqlState }) {
  const now = useNow(1_000)
  const { cancelledAt } = state
  const isSlow = cancelledAt !== undefined && now.getTime() - cancelledAt > OFFER_END_AFTER
  return (
    <>
      <Button
        isSmall
        icon={<IconPlayerStop size={16} aria-hidden />}
        isBusy={cancelledAt !== undefined}
        onPress={session.cancel}
      >
        {cancelledAt === undefined ? messages.sql.run.cancel : messages.sql.run.cancelling}
      </Button>
      {isSlow && (
        <Button kind="danger" isSmall onPress={session.end}>
          {messages.sql.connection.end}
        </Button>
      )}
    </>
  )
}
