/** What the role may see, read in the person's own session: each schema when it is opened. */
import { IconRefresh } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { catalogKeyOf, catalogQuery } from '../../../data/sql-catalog.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { Button, IconButton } from '../../../kit/button.tsx'
import { SearchField } from '../../../kit/field.tsx'
import { InlineError, Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './browse.module.css'
import { Branch, SchemaBranch } from './schema-branch.tsx'

export interface SchemaBrowserProps {
  readonly session: SqlSession | undefined
  readonly state: SqlState
  readonly onInsert: (name: string) => void
}

export function SchemaBrowser({ session, state, onInsert }: SchemaBrowserProps) {
  if (session === undefined || state.connection.kind !== 'open')
    return (
      <div className={styles['hint']}>
        <p>{messages.sql.browse.notConnected}</p>
        {session !== undefined && (
          <Button isSmall isBusy={state.connection.kind === 'opening'} onPress={session.open}>
            {messages.sql.connection.connect}
          </Button>
        )}
      </div>
    )
  // Another process id means another session, in which an opened part of the tree may no longer exist.
  return <Schemas key={state.connection.processId} session={session} onInsert={onInsert} />
}

interface SchemasProps {
  readonly session: SqlSession
  readonly onInsert: (name: string) => void
}

function Schemas({ session, onInsert }: SchemasProps) {
  const [filter, setFilter] = useState('')
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(catalogQuery(session, { about: 'schemas' }))
  const wanted = filter.trim().toLowerCase()
  return (
    <>
      <div className={styles['tools']}>
        <SearchField label={messages.sql.browse.filter} value={filter} onChange={setFilter} />
        <IconButton
          label={messages.sql.browse.refresh}
          isSmall
          icon={<IconRefresh size={16} aria-hidden />}
          onPress={() => void queries.invalidateQueries({ queryKey: catalogKeyOf(session) })}
        />
      </div>
      {error !== null && <InlineError error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton lines={4} />}
      <ul className={styles['tree']}>
        {inOrder(data ?? []).map((schema) => (
          <Branch key={schema} name={schema} isOpenAtFirst={schema === 'public'} onInsert={onInsert}>
            <SchemaBranch session={session} schema={schema} filter={wanted} onInsert={onInsert} />
          </Branch>
        ))}
      </ul>
    </>
  )
}

/** PostgreSQL's own schemas last. */
function inOrder(rows: readonly (readonly (string | null)[])[]): readonly string[] {
  const names = rows.map(([name]) => name ?? '')
  const isSystem = (name: string) => name === 'information_schema' || name.startsWith('pg_')
  return [...names.filter((name) => !isSystem(name)), ...names.filter(isSystem)]
}
