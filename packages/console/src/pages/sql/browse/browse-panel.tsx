/** Beside the editor: the schema, saved queries, history. */
import type { SavedQueryAnswer } from '@lakegate/client'
import { lazy, Suspense } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { SqlHistoryEntry } from '../../../data/sql-history.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './browse.module.css'
import { SchemaBrowser } from './schema-browser.tsx'

// In tabs that few people open, so they are loaded later than the editor.
const HistoryList = lazy(async () => ({ default: (await import('./history-list.tsx')).HistoryList }))
const SavedQueries = lazy(async () => ({ default: (await import('./saved-queries.tsx')).SavedQueries }))

export interface BrowsePanelProps {
  readonly owner: string
  readonly session: SqlSession | undefined
  readonly state: SqlState
  readonly onInsert: (name: string) => void
  readonly onOpenSaved: (query: SavedQueryAnswer) => void
  readonly onOpenHistory: (entry: SqlHistoryEntry) => void
}

export function BrowsePanel(props: BrowsePanelProps) {
  const { owner, session, state, onInsert, onOpenSaved, onOpenHistory } = props
  const panel = styles['panel'] ?? ''
  const tab = styles['tab'] ?? ''
  return (
    <Tabs className={styles['browse'] ?? ''}>
      <TabList className={styles['tabs'] ?? ''} aria-label={messages.sql.browse.label}>
        <Tab id="schema" className={tab}>
          {messages.sql.browse.schema}
        </Tab>
        <Tab id="saved" className={tab}>
          {messages.sql.browse.saved}
        </Tab>
        <Tab id="history" className={tab}>
          {messages.sql.browse.history}
        </Tab>
      </TabList>
      <TabPanel id="schema" className={panel}>
        <SchemaBrowser session={session} state={state} onInsert={onInsert} />
      </TabPanel>
      <TabPanel id="saved" className={panel}>
        <Suspense fallback={<Skeleton />}>
          <SavedQueries onOpen={onOpenSaved} />
        </Suspense>
      </TabPanel>
      <TabPanel id="history" className={panel}>
        <Suspense fallback={<Skeleton />}>
          <HistoryList owner={owner} onOpen={onOpenHistory} />
        </Suspense>
      </TabPanel>
    </Tabs>
  )
}
