/** Open sessions of one or several instances, with the person behind each, and the action that ends them. */
import type { OpenSessionAnswer } from '@lakegate/client'
import { useState } from 'react'
import { Button } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { RowMenu } from '../../kit/menu.tsx'
import { EmptyState } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useIsPhone } from '../../kit/use-is-phone.ts'
import { EndSessionsDialog } from './end-sessions-dialog.tsx'
import { personOf, sessionColumns } from './session-columns.tsx'
import styles from './instance-tabs.module.css'
import { useGroupNames } from './use-group-names.ts'
import { useIsInside } from './use-is-inside.ts'

export interface SessionsTableProps {
  readonly label: string
  /** Only of instances whose sessions the person may see: the same permission allows ending them. */
  readonly sessions: readonly OpenSessionAnswer[]
  readonly hasInstanceColumn: boolean
}

export function SessionsTable({ label, sessions, hasInstanceColumn }: SessionsTableProps) {
  const texts = messages.instanceTabs.sessions
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [ending, setEnding] = useState<readonly OpenSessionAnswer[]>([])
  const [isInside, insideEvents] = useIsInside()
  const groupName = useGroupNames(sessions)
  // Cards have no checkboxes.
  const isPhone = useIsPhone()
  const chosen = sessions.filter(({ session_id: id }) => selected.has(id))
  return (
    <div {...insideEvents}>
      <div className={styles['tableHead']}>
        {!isPhone && sessions.length > 0 && (
          <Button isSmall isDisabled={chosen.length === 0} onPress={() => setEnding(chosen)}>
            {texts.endSelected}
          </Button>
        )}
        {/* On a phone this line would move the card away from under the thumb. */}
        {!isPhone && isInside && sessions.length > 0 && (
          <span className={styles['path']}>{texts.frozen}</span>
        )}
      </div>
      <DataTable
        label={label}
        items={sessions}
        columns={sessionColumns(groupName, hasInstanceColumn)}
        keyOf={({ session_id: id }) => id}
        nameOf={(session) => texts.moreOf(personOf(session), session.role)}
        selected={new Set(chosen.map(({ session_id: id }) => id))}
        onSelect={setSelected}
        isFrozen={isInside}
        actionsOf={(session) => (
          <RowMenu
            name={texts.moreOf(personOf(session), session.role)}
            actions={[
              { id: 'end', label: texts.end, isDangerous: true, onAction: () => setEnding([session]) },
            ]}
          />
        )}
        empty={<EmptyState>{texts.empty}</EmptyState>}
      />
      {ending.length > 0 && <EndSessionsDialog sessions={ending} onClose={() => setEnding([])} />}
    </div>
  )
}
