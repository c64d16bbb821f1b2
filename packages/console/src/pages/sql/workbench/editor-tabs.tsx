/** The tabs above the editor. Each has its own text, target and session. */
import { IconPlus, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { Button, IconButton } from '../../../kit/button.tsx'
import { classes } from '../../../kit/classes.ts'
import { Confirm, Dialog } from '../../../kit/dialog.tsx'
import { TextField } from '../../../kit/field.tsx'
import { Menu } from '../../../kit/menu.tsx'
import { messages } from '../../../messages/index.ts'
import { useSqlState } from './use-workbench.ts'
import styles from './workbench.module.css'
import { workbench, type EditorTab, type Workbench } from './workbench.ts'

export interface EditorTabsProps {
  readonly state: Workbench
  readonly onActivate: (id: number) => void
  readonly onAdd: () => void
  readonly onSave: () => void
}

export function EditorTabs({ state, onActivate, onAdd, onSave }: EditorTabsProps) {
  const [closing, setClosing] = useState<EditorTab>()
  const [renaming, setRenaming] = useState<EditorTab>()
  const active = state.tabs.find(({ id }) => id === state.activeId)
  const close = (tab: EditorTab) => {
    if (workbench.textOf(tab.id).trim() !== '' || hasTransaction(tab)) setClosing(tab)
    else workbench.close(tab.id)
  }
  return (
    <div className={styles['tabBar']}>
      <nav aria-label={messages.sql.tabs.label} className={styles['tabs']}>
        {state.tabs.map((tab) => (
          <OneTab
            key={tab.id}
            tab={tab}
            isActive={tab.id === state.activeId}
            onActivate={() => onActivate(tab.id)}
            onClose={() => close(tab)}
          />
        ))}
      </nav>
      <IconButton
        label={messages.sql.tabs.add}
        icon={<IconPlus size={16} aria-hidden />}
        isSmall
        onPress={onAdd}
      />
      {active !== undefined && (
        <Menu
          label={messages.kit.moreActions(active.name)}
          actions={[
            { id: 'rename', label: messages.sql.tabs.rename, onAction: () => setRenaming(active) },
            { id: 'save', label: messages.sql.saved.save, onAction: onSave },
            { id: 'close', label: messages.sql.tabs.close(active.name), onAction: () => close(active) },
          ]}
        />
      )}
      <Confirm
        title={messages.sql.transaction.closeTitle(closing?.name ?? '')}
        action={
          closing !== undefined && hasTransaction(closing)
            ? messages.sql.transaction.closeAction
            : messages.sql.transaction.closeDraft
        }
        isOpen={closing !== undefined}
        onClose={() => setClosing(undefined)}
        onConfirm={() => {
          if (closing !== undefined) workbench.close(closing.id)
          setClosing(undefined)
        }}
      >
        {closing !== undefined && hasTransaction(closing) && <p>{messages.sql.transaction.closeText}</p>}
        <p>{messages.sql.transaction.closeTextDraft}</p>
      </Confirm>
      {renaming !== undefined && <RenameDialog tab={renaming} onClose={() => setRenaming(undefined)} />}
    </div>
  )
}

const hasTransaction = (tab: EditorTab): boolean =>
  workbench.openTransactions().some(({ id }) => id === tab.id)

interface OneTabProps {
  readonly tab: EditorTab
  readonly isActive: boolean
  readonly onActivate: () => void
  readonly onClose: () => void
}

function OneTab({ tab, isActive, onActivate, onClose }: OneTabProps) {
  const { transaction, isRunning } = useSqlState(workbench.sessionOf(tab.id))
  const state = isRunning
    ? messages.sql.tabs.running
    : transaction === 'none'
      ? undefined
      : messages.sql.tabs.inTransaction
  return (
    <span className={classes(styles['tab'], isActive && styles['activeTab'])}>
      <AriaButton
        className={styles['tabName'] ?? ''}
        onPress={onActivate}
        {...(isActive ? { 'aria-current': 'page' as const } : {})}
      >
        <bdi>{tab.name}</bdi>
        {state !== undefined && <span className={styles['tabState']}>{state}</span>}
      </AriaButton>
      <IconButton
        label={messages.sql.tabs.close(tab.name)}
        icon={<IconX size={14} aria-hidden />}
        isSmall
        onPress={onClose}
      />
    </span>
  )
}

function RenameDialog({ tab, onClose }: { readonly tab: EditorTab; readonly onClose: () => void }) {
  const [name, setName] = useState(tab.name)
  const rename = () => {
    if (name.trim() !== '') workbench.rename(tab.id, name.trim())
    onClose()
  }
  return (
    <Dialog
      title={messages.sql.tabs.renameTitle}
      isOpen
      onClose={onClose}
      buttons={
        <Button kind="primary" onPress={rename}>
          {messages.sql.tabs.rename}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          rename()
        }}
      >
        <TextField label={messages.sql.tabs.name} value={name} onChange={setName} autoFocus maxLength={100} />
      </form>
    </Dialog>
  )
}
