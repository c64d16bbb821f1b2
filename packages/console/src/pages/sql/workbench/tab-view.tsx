/** One tab: its target, schema, editor, and results. F6 moves from one to the next. */
import { IconListTree } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { askCatalog } from '../../../data/sql-catalog.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { Button } from '../../../kit/button.tsx'
import { Confirm, Drawer } from '../../../kit/dialog.tsx'
import { useIsPhone } from '../../../kit/use-is-phone.ts'
import { Skeleton } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { BrowsePanel, type BrowsePanelProps } from '../browse/browse-panel.tsx'
import { CodeEditor } from '../editor/code-editor.tsx'
import type { SqlEditor } from '../editor/create-editor.ts'
import { ConnectionStatus } from './connection-status.tsx'
import { cycleRegions } from './cycle-regions.ts'
import { NoSession } from './no-session.tsx'
import { PasswordChip } from './password-chip.tsx'
import { PhoneKeys } from './phone-keys.tsx'
import { RunBar } from './run-bar.tsx'
import { SessionNotice } from './session-notice.tsx'
import { SplitHandle } from './split-handle.tsx'
import { TargetBar } from './target-bar.tsx'
import { useRun } from './use-run.ts'
import styles from './workbench.module.css'
import { workbench, type EditorTab } from './workbench.ts'

export interface TabViewProps {
  readonly owner: string
  readonly tab: EditorTab
  readonly session: SqlSession | undefined
  readonly state: SqlState
}

const FIRST_SPLIT = 40

// Grid, cells and plans are loaded after the editor, but before the first run has answered.
const loadResults = () => import('../results/results-panel.tsx')
const ResultsPanel = lazy(async () => ({ default: (await loadResults()).ResultsPanel }))

export function TabView({ owner, tab, session, state }: TabViewProps) {
  const editor = useRef<SqlEditor>(null)
  const regions = useRef<HTMLDivElement>(null)
  const isPhone = useIsPhone()
  const [asWritten, setAsWritten] = useState(false)
  const [split, setSplit] = useState(FIRST_SPLIT)
  const [isBrowsing, setBrowsing] = useState(false)
  const running = useRun(tab, session, state, editor, asWritten)
  useEffect(() => cycleRegions(() => regions.current), [])
  const browse: BrowsePanelProps = {
    owner,
    session,
    state,
    onInsert: (name) => {
      setBrowsing(false)
      editor.current?.insert(name)
    },
    onOpenSaved: ({ id, version, name, sql, database_instance_name: instance, database }) => {
      const target = instance === undefined ? tab : { instance, database }
      workbench.add(targetOf(target), { name, text: sql, savedQuery: { id, version } })
    },
    onOpenHistory: ({ sql, instance, database, role }) =>
      void workbench.add({ instance, database, role }, { text: sql }),
  }
  const { connection } = state
  return (
    <div ref={regions} className={styles['view']} aria-busy={state.isRunning} data-run={state.run?.run ?? 0}>
      <div className={styles['bar']}>
        <TargetBar tab={tab} state={state} />
        <ConnectionStatus session={session} state={state} isRunWaiting={running.isWaiting} />
      </div>
      {connection.kind === 'open' && connection.path.length > 1 && (
        <p className={styles['actingAs']}>
          {messages.sql.target.actingAs(connection.role, connection.path.join(' › '))}
        </p>
      )}
      {session !== undefined && <SessionNotice session={session} state={state} />}
      <div className={styles['columns']}>
        {isPhone ? (
          <>
            <Button icon={<IconListTree size={16} aria-hidden />} onPress={() => setBrowsing(true)}>
              {messages.sql.browse.open}
            </Button>
            <Drawer title={messages.sql.browse.label} isOpen={isBrowsing} onClose={() => setBrowsing(false)}>
              <BrowsePanel {...browse} />
            </Drawer>
          </>
        ) : (
          <aside className={styles['side']} aria-label={messages.sql.browse.label} data-region>
            <BrowsePanel {...browse} />
          </aside>
        )}
        <div className={styles['split']}>
          <div className={styles['editing']} style={{ flexBasis: `${String(split)}%` }} data-region>
            <div className={styles['editor']}>
              <CodeEditor
                tabId={tab.id}
                text={workbench.textOf(tab.id)}
                editor={editor}
                onChange={(text) => workbench.setText(tab.id, text)}
                onRun={running.run}
                onCancel={() => session?.cancel()}
                ask={(question) => askCatalog(session, question)}
              />
            </div>
            {isPhone && <PhoneKeys onInsert={(text) => editor.current?.insert(text)} />}
            <PasswordChip tabId={tab.id} asWritten={asWritten} onChange={setAsWritten} />
            {tab.draft !== 'kept' && (
              <p className={styles['notKept']} role="status">
                {tab.draft === 'secret' ? messages.sql.editor.notKeptSecret : messages.sql.editor.notKept}
              </p>
            )}
            <RunBar
              tab={tab}
              session={session}
              state={state}
              onRun={running.run}
              onExplain={running.explain}
            />
          </div>
          <SplitHandle value={split} onChange={setSplit} />
          <section className={styles['results']} aria-label={messages.sql.results.label} data-region>
            {session === undefined || (state.run === undefined && connection.kind === 'none') ? (
              <NoSession hasTarget={session !== undefined} />
            ) : (
              <Suspense fallback={<Skeleton />}>
                <ResultsPanel
                  session={session}
                  state={state}
                  rowLimit={tab.rowLimit}
                  onGoToPosition={running.goToPosition}
                />
              </Suspense>
            )}
          </section>
        </div>
      </div>
      <Confirm
        title={messages.sql.run.analyzeTitle(running.asked?.command ?? '')}
        action={messages.sql.run.analyzeAction}
        isOpen={running.asked !== undefined}
        onClose={running.forgetAsked}
        onConfirm={running.analyzeAsked}
      >
        <p>{messages.sql.run.analyzeText(running.asked?.command ?? '')}</p>
      </Confirm>
    </div>
  )
}

const targetOf = ({ instance, database, role }: Partial<EditorTab>) => ({ instance, database, role })
