/** Queries that the person saved, and those that others share with the workspace. */
import type { SavedQueryAnswer } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { savedQueriesQuery, useSavedQueryChanges } from '../../../data/saved-queries.ts'
import { Confirm } from '../../../kit/dialog.tsx'
import { SearchField } from '../../../kit/field.tsx'
import { RowMenu } from '../../../kit/menu.tsx'
import { InlineError, PageError, Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './browse.module.css'

export function SavedQueries({ onOpen }: { readonly onOpen: (query: SavedQueryAnswer) => void }) {
  const { data, error, refetch } = useQuery(savedQueriesQuery)
  const { remove } = useSavedQueryChanges()
  const [filter, setFilter] = useState('')
  const [removing, setRemoving] = useState<SavedQueryAnswer>()
  if (error !== null) return <PageError error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={4} />
  const shown = data.filter(({ name }) => name.toLowerCase().includes(filter.trim().toLowerCase()))
  return (
    <>
      <SearchField label={messages.sql.browse.filter} value={filter} onChange={setFilter} />
      {shown.length === 0 && (
        <p className={styles['hint']}>
          {data.length === 0 ? messages.sql.saved.empty : messages.kit.noMatches}
        </p>
      )}
      <ul className={styles['list']} aria-label={messages.sql.browse.saved}>
        {shown.map((query) => (
          <li key={query.id} className={styles['line']}>
            <AriaButton
              className={styles['entry'] ?? ''}
              aria-label={messages.sql.saved.open(query.name)}
              onPress={() => onOpen(query)}
            >
              <bdi className={styles['name']}>{query.name}</bdi>
              <span className={styles['note']}>
                {query.is_shared && <span>{messages.sql.saved.shared}</span>}
                {!query.is_own && <bdi>{messages.sql.saved.by(query.owner.name)}</bdi>}
              </span>
            </AriaButton>
            {query.may_delete && (
              <RowMenu
                name={query.name}
                actions={[
                  {
                    id: 'remove',
                    label: messages.sql.saved.remove,
                    isDangerous: true,
                    onAction: () => setRemoving(query),
                  },
                ]}
              />
            )}
          </li>
        ))}
      </ul>
      <Confirm
        title={messages.sql.saved.removeTitle(removing?.name ?? '')}
        action={messages.sql.saved.remove}
        isOpen={removing !== undefined}
        isBusy={remove.isPending}
        onClose={() => setRemoving(undefined)}
        onConfirm={() => {
          if (removing !== undefined) remove.mutate(removing.id, { onSuccess: () => setRemoving(undefined) })
        }}
        problem={<InlineError error={remove.error} />}
      >
        {removing?.is_shared === true && <p>{messages.sql.saved.removeText}</p>}
      </Confirm>
    </>
  )
}
