/** The SQL editor (design 5.10): tabs, each with a real PostgreSQL session of its own. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Page } from '../../kit/page.tsx'
import { Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import type { SqlSearch } from './routes.ts'
import { EditorTabs } from './workbench/editor-tabs.tsx'
import { LeaveGuard } from './workbench/leave-guard.tsx'
import { TabView } from './workbench/tab-view.tsx'
import { useSqlState, useWorkbench } from './workbench/use-workbench.ts'
import { workbench, type EditorTab } from './workbench/workbench.ts'

const SaveQueryDialog = lazy(async () => ({
  default: (await import('./browse/save-query-dialog.tsx')).SaveQueryDialog,
}))

/** Opens the tab that the address asks for, or a new one, and keeps the address up to date with the shown tab. */
function useTabOfAddress(isLoaded: boolean, active: EditorTab | undefined): void {
  const { instance, database, role, tab, ...search }: SqlSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const wantsNew = search.new === true
  // The address changes slightly later than the workbench; without this, one request could open two tabs.
  const isAdded = useRef(false)
  useEffect(() => {
    if (!isLoaded) return
    if (!wantsNew) isAdded.current = false
    else if (isAdded.current) return
    isAdded.current = wantsNew
    const tabs = workbench.getState()?.tabs ?? []
    const target = { instance, database, role }
    if (wantsNew || tabs.length === 0) workbench.add(target)
    else if (tab !== undefined && tabs.some(({ id }) => id === tab)) workbench.activate(tab)
    else if (instance !== undefined) openOfInstance(tabs, target)
  }, [isLoaded, instance, database, role, tab, wantsNew])
  const shown = active?.id
  const shownInstance = active?.instance
  useEffect(() => {
    if (shown === undefined) return
    const next = { tab: shown, ...(shownInstance === undefined ? {} : { instance: shownInstance }) }
    void navigate({ to: '/sql', search: next, replace: true })
  }, [shown, shownInstance, navigate])
}

/** An existing tab of that instance, or a new one. */
function openOfInstance(tabs: readonly EditorTab[], target: Pick<EditorTab, 'instance'>): void {
  const found = tabs.find(({ instance }) => instance === target.instance)
  if (found === undefined) workbench.add(target)
  else workbench.activate(found.id)
}

export function SqlPage() {
  const state = useWorkbench()
  const navigate = useNavigate()
  const [isSaving, setSaving] = useState(false)
  const active = state?.tabs.find(({ id }) => id === state.activeId)
  useTabOfAddress(state !== undefined, active)
  const session = active === undefined ? undefined : workbench.sessionOf(active.id)
  // Only the session of the active tab reports when a transaction begins; the other sessions only keep theirs.
  const sqlState = useSqlState(session)
  const isInTransaction = workbench.openTransactions().length > 0
  return (
    <Page
      title={messages.sql.title}
      {...(isInTransaction ? { section: messages.sql.transaction.windowTitle } : {})}
      isWide
      isHeadHidden
    >
      {state === undefined && <Skeleton />}
      {state !== undefined && (
        <EditorTabs
          state={state}
          onActivate={(id) => void navigate({ to: '/sql', search: { tab: id } })}
          onAdd={() =>
            workbench.add({ instance: active?.instance, database: active?.database, role: active?.role })
          }
          onSave={() => setSaving(true)}
        />
      )}
      {state !== undefined && active !== undefined && (
        <TabView key={active.id} owner={state.owner} tab={active} session={session} state={sqlState} />
      )}
      {isSaving && active !== undefined && (
        <Suspense>
          <SaveQueryDialog tab={active} onClose={() => setSaving(false)} />
        </Suspense>
      )}
      <LeaveGuard isOpen={isInTransaction} />
    </Page>
  )
}
