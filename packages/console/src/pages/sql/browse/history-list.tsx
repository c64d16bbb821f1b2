/** The runs in this workspace, kept only in this browser. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { keepsAfterSignOut, setKeepsAfterSignOut } from '../../../data/sql-drafts.ts'
import { clearHistory, readHistory, type SqlHistoryEntry } from '../../../data/sql-history.ts'
import { Button } from '../../../kit/button.tsx'
import { Switch } from '../../../kit/choice.tsx'
import { Confirm } from '../../../kit/dialog.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { TimeText } from '../../../kit/time.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './browse.module.css'

export interface HistoryListProps {
  readonly owner: string
  readonly onOpen: (entry: SqlHistoryEntry) => void
}

export function HistoryList({ owner, onOpen }: HistoryListProps) {
  const queries = useQueryClient()
  const queryKey = ['sql-history', owner]
  const { data = [], error } = useQuery({ queryKey, queryFn: () => readHistory(owner) })
  const [keeps, setKeeps] = useState(() => keepsAfterSignOut(owner))
  const [isClearing, setClearing] = useState(false)
  const clearing = useMutation({
    mutationFn: () => clearHistory(owner),
    async onSuccess() {
      setClearing(false)
      await queries.invalidateQueries({ queryKey: ['sql-history'] })
    },
  })
  return (
    <>
      <p className={styles['hint']}>{messages.sql.history.hint}</p>
      <div className={styles['tools']}>
        <Switch
          isSelected={keeps}
          onChange={(next) => {
            setKeepsAfterSignOut(owner, next)
            setKeeps(next)
          }}
        >
          {messages.sql.history.keep}
        </Switch>
        <Button isSmall isDisabled={data.length === 0} onPress={() => setClearing(true)}>
          {messages.sql.history.clear}
        </Button>
      </div>
      {error !== null && <p className={styles['hint']}>{messages.sql.history.closed}</p>}
      {error === null && data.length === 0 && <p className={styles['hint']}>{messages.sql.history.empty}</p>}
      <ul className={styles['list']} aria-label={messages.sql.browse.history}>
        {data.map((entry) => (
          <li key={entry.id}>
            <AriaButton className={styles['entry'] ?? ''} onPress={() => onOpen(entry)}>
              <code className={styles['sql']}>{entry.sql.trim()}</code>
              <span className={styles['note']}>
                <TimeText at={new Date(entry.id).toISOString()} />
                <span data-outcome={entry.outcome}>{messages.sql.history.outcomes[entry.outcome]}</span>
                <bdi>{messages.sql.history.entry(entry.instance, entry.database)}</bdi>
              </span>
            </AriaButton>
          </li>
        ))}
      </ul>
      <Confirm
        title={messages.sql.history.clearTitle}
        action={messages.sql.history.clear}
        isOpen={isClearing}
        onClose={() => setClearing(false)}
        onConfirm={() => clearing.mutate()}
        isBusy={clearing.isPending}
        problem={<InlineError error={clearing.error} />}
      >
        <p>{messages.sql.history.clearText}</p>
      </Confirm>
    </>
  )
}
