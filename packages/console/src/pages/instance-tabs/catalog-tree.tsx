/** The registered catalogs, and below each the tables that are registered singly. */
import type { DatabaseCatalog, DatabaseTable } from '@lakegate/client'
import { IconDatabase, IconTable } from '@tabler/icons-react'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { useRemoveEntry } from '../../data/registered-tables.ts'
import { Confirm } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { RowMenu } from '../../kit/menu.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { catalogOf, withoutCatalog } from './securable.ts'
import styles from './catalogs.module.css'

export interface CatalogTreeProps {
  readonly instance: string
  readonly catalogs: readonly DatabaseCatalog[]
  readonly tables: readonly DatabaseTable[]
  readonly chosen: string | undefined
  readonly onChoose: (name: string | undefined) => void
}

interface Entry {
  readonly type: 'catalog' | 'table'
  readonly name: string
}

export function CatalogTree({ instance, catalogs, tables, chosen, onChoose }: CatalogTreeProps) {
  const texts = messages.instanceTabs.catalogs
  const [removing, setRemoving] = useState<Entry>()
  const names = new Set(catalogs.map(({ name }) => name))
  const alone = tables.filter(({ name }) => !names.has(catalogOf(name)))
  const item = (entry: Entry, label: string, database: string) => (
    <div className={styles['entry']}>
      <AriaButton
        className={styles['name'] ?? ''}
        aria-current={chosen === entry.name ? 'true' : 'false'}
        onPress={() => onChoose(entry.name)}
      >
        {entry.type === 'catalog' ? (
          <IconDatabase size={16} aria-hidden />
        ) : (
          <IconTable size={16} aria-hidden />
        )}
        <span className={styles['words']}>
          <bdi title={entry.name}>{label}</bdi>
          {entry.type === 'catalog' && <bdi className={styles['database']}>{texts.databaseOf(database)}</bdi>}
        </span>
      </AriaButton>
      <RowMenu
        name={entry.name}
        actions={[
          { id: 'remove', label: texts.remove, isDangerous: true, onAction: () => setRemoving(entry) },
        ]}
      />
    </div>
  )
  const leaves = (shown: readonly DatabaseTable[], labelOf: (name: string) => string) => (
    <ul className={styles['leaves']}>
      {shown.map(({ name, logical_database_name: database }) => (
        <li key={name}>{item({ type: 'table', name }, labelOf(name), database)}</li>
      ))}
    </ul>
  )
  return (
    <nav aria-label={texts.tree} className={styles['tree']}>
      <ul>
        {catalogs.map(({ name, database_name: database }) => (
          <li key={name}>
            {item({ type: 'catalog', name }, name, database)}
            {leaves(
              tables.filter((table) => catalogOf(table.name) === name),
              withoutCatalog,
            )}
          </li>
        ))}
        {alone.length > 0 && (
          <li>
            <div className={styles['alone']}>{texts.tablesOnly}</div>
            {leaves(alone, (name) => name)}
          </li>
        )}
      </ul>
      {removing !== undefined && (
        <RemoveDialog
          instance={instance}
          entry={removing}
          onClose={() => setRemoving(undefined)}
          onRemoved={() => onChoose(undefined)}
        />
      )}
    </nav>
  )
}

interface RemoveDialogProps {
  readonly instance: string
  readonly entry: Entry
  readonly onClose: () => void
  readonly onRemoved: () => void
}

function RemoveDialog({ instance, entry, onClose, onRemoved }: RemoveDialogProps) {
  const texts = messages.instanceTabs.catalogs
  const remove = useRemoveEntry(instance)
  const confirm = () =>
    remove.mutate(entry, {
      onSuccess() {
        showFlag({ text: texts.removed(entry.name) })
        onClose()
        onRemoved()
      },
    })
  return (
    <Confirm
      title={texts.removeTitle(entry.name)}
      action={texts.remove}
      isOpen
      isBusy={remove.isPending}
      onClose={onClose}
      onConfirm={confirm}
      problem={<InlineError error={remove.error} />}
    >
      <p>{texts.removeText}</p>
    </Confirm>
  )
}
