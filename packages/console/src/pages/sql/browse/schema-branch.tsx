/** One schema of the tree: its relations with their columns, and its functions. */
import type { SqlCatalogQuestion } from '@lakegate/client'
import { IconArrowBarToRight, IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { catalogQuery } from '../../../data/sql-catalog.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import { IconButton } from '../../../kit/button.tsx'
import { Name } from '../../../kit/name.tsx'
import { InlineError, Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { quoteName, quoteQualified } from '../quote-name.ts'
import styles from './browse.module.css'

export interface BranchProps {
  readonly name: string
  readonly note?: string | undefined
  /** The text to insert into the editor; when left out, the quoted name. */
  readonly inserted?: string
  readonly isOpenAtFirst?: boolean
  readonly onInsert: (name: string) => void
  readonly children: ReactNode
}

/** Its children are read when it is opened. */
export function Branch({ name, note, inserted, isOpenAtFirst = false, onInsert, children }: BranchProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  return (
    <li>
      <div className={styles['line']}>
        <Button className={styles['toggle'] ?? ''} aria-expanded={isOpen} onPress={() => setOpen(!isOpen)}>
          {isOpen ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
          <Name className={styles['name']} name={name} />
          {note !== undefined && <span className={styles['note']}>{note}</span>}
        </Button>
        <Insert name={name} inserted={inserted ?? quoteName(name)} onInsert={onInsert} />
      </div>
      {isOpen && <ul>{children}</ul>}
    </li>
  )
}

interface InsertProps {
  readonly name: string
  readonly inserted: string
  readonly onInsert: (name: string) => void
}

function Insert({ name, inserted, onInsert }: InsertProps) {
  return (
    <IconButton
      label={messages.sql.browse.insert(name)}
      isSmall
      icon={<IconArrowBarToRight size={16} aria-hidden />}
      onPress={() => onInsert(inserted)}
    />
  )
}

interface SchemaBranchProps {
  readonly session: SqlSession
  readonly schema: string
  /** In lower case; empty shows everything. */
  readonly filter: string
  readonly onInsert: (name: string) => void
}

export function SchemaBranch({ session, schema, filter, onInsert }: SchemaBranchProps) {
  return (
    <>
      <Answer session={session} question={{ about: 'relations', schema }} filter={filter}>
        {([name = '', kind = '']) => (
          <Branch
            key={name}
            name={name}
            note={kind === 'table' ? undefined : kind}
            inserted={quoteQualified(schema, name)}
            onInsert={onInsert}
          >
            <Answer session={session} question={{ about: 'columns', schema, relation: name }} filter="">
              {([column = '', type = '', notNull = '']) => (
                <Leaf
                  key={column}
                  name={column}
                  note={notNull === '' ? type : `${type} · ${messages.sql.browse.notNull}`}
                  inserted={quoteName(column)}
                  onInsert={onInsert}
                />
              )}
            </Answer>
          </Branch>
        )}
      </Answer>
      <Branch name={messages.sql.browse.functions} inserted={`${quoteName(schema)}.`} onInsert={onInsert}>
        <Answer session={session} question={{ about: 'functions', schema }} filter={filter}>
          {([name = '', parameters = '']) => (
            <Leaf
              key={`${name}(${parameters})`}
              name={`${name}(${parameters})`}
              inserted={`${quoteQualified(schema, name)}(`}
              onInsert={onInsert}
            />
          )}
        </Answer>
      </Branch>
    </>
  )
}

function Leaf({ name, note, inserted, onInsert }: InsertProps & { readonly note?: string }) {
  return (
    <li className={styles['line']}>
      <span className={styles['leaf']}>
        <Name className={styles['name']} name={name} />
        {note !== undefined && <span className={styles['note']}>{note}</span>}
      </span>
      <Insert name={name} inserted={inserted} onInsert={onInsert} />
    </li>
  )
}

interface AnswerProps {
  readonly session: SqlSession
  readonly question: SqlCatalogQuestion
  readonly filter: string
  readonly children: (row: readonly string[]) => ReactNode
}

/** Further entries are found with the filter; nobody reads a list of thousands. */
const MOST_SHOWN = 500

function Answer({ session, question, filter, children }: AnswerProps) {
  const { data, error, refetch } = useQuery(catalogQuery(session, question))
  if (error !== null)
    return (
      <li>
        <InlineError error={error} onRetry={() => void refetch()} />
      </li>
    )
  if (data === undefined)
    return (
      <li>
        <Skeleton lines={2} />
      </li>
    )
  const rows = data
    .map((row) => row.map((value) => value ?? ''))
    .filter(([name = '']) => filter === '' || name.toLowerCase().includes(filter))
  if (rows.length === 0)
    return (
      <li className={styles['hint']}>{filter === '' ? messages.sql.browse.empty : messages.kit.noMatches}</li>
    )
  return rows.slice(0, MOST_SHOWN).map((row) => children(row))
}
