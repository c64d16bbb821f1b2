/**
 * The tabs of the SQL editor with their sessions. They exist outside React, so that a session and its transaction
 * continue while another page of the console is shown. Texts are kept as drafts in this browser.
 */
import { forgetDraft, keepDraft, readDrafts, type SqlDraft } from '../../../data/sql-drafts.ts'
import { createSqlSession, type SqlSession } from '../../../data/sql-session.ts'
import { messages } from '../../../messages/index.ts'
import { holdsSecret } from '../redact.ts'
import { recordRuns } from './record-runs.ts'

export type DraftState = 'kept' | 'secret' | 'no_storage'

export interface EditorTab extends Omit<SqlDraft, 'owner' | 'text'> {
  readonly rowLimit: number
  readonly continuesAfterErrors: boolean
  readonly draft: DraftState
}

export type TabTarget = Pick<SqlDraft, 'instance' | 'database' | 'role'>

export interface Workbench {
  readonly owner: string
  readonly tabs: readonly EditorTab[]
  readonly activeId: number | undefined
}

export const ROW_LIMITS = [100, 1_000, 10_000, 100_000] as const
const SAVE_AFTER = 500
const DEFAULT_ROW_LIMIT = 1_000

const listeners = new Set<() => void>()
const texts = new Map<number, string>()
const textListeners = new Set<() => void>()
const sessions = new Map<number, SqlSession>()
const saving = new Map<number, ReturnType<typeof setTimeout>>()
let state: Workbench | undefined
let loading: Promise<void> | undefined

function change(next: Workbench): void {
  state = next
  for (const listener of listeners) listener()
}

function changeTab(id: number, more: Partial<EditorTab>): void {
  if (state === undefined) return
  change({ ...state, tabs: state.tabs.map((tab) => (tab.id === id ? { ...tab, ...more } : tab)) })
}

const tabOf = (id: number): EditorTab | undefined => state?.tabs.find((tab) => tab.id === id)

export const workbench = {
  getState: (): Workbench | undefined => state,

  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },

  /** Reads the drafts of this person once; those of another person are not found. */
  load(owner: string): Promise<void> {
    if (loading === undefined) {
      addEventListener('pagehide', () => workbench.endAll())
      loading = read(owner)
    }
    return loading
  },

  /** Adds a tab for the target; the first tab exists from the beginning. */
  add(
    target: TabTarget,
    more: { name?: string; text?: string; savedQuery?: SqlDraft['savedQuery'] } = {},
  ): number {
    if (state === undefined) throw new Error('the workbench is not loaded')
    const id = Math.max(0, ...state.tabs.map((tab) => tab.id)) + 1
    texts.set(id, more.text ?? '')
    const tab = {
      ...newTab(id, more.name ?? messages.sql.tabs.untitled(id)),
      ...target,
      savedQuery: more.savedQuery,
    }
    change({ ...state, tabs: [...state.tabs, tab], activeId: id })
    scheduleSave(id)
    return id
  },

  activate(id: number): void {
    if (state !== undefined && state.activeId !== id && tabOf(id) !== undefined)
      change({ ...state, activeId: id })
  },

  /** Ends the tab's session; an open transaction is rolled back. */
  close(id: number): void {
    if (state === undefined) return
    sessions.get(id)?.end()
    sessions.delete(id)
    clearTimeout(saving.get(id))
    const index = state.tabs.findIndex((tab) => tab.id === id)
    const tabs = state.tabs.filter((tab) => tab.id !== id)
    const next = tabs[Math.min(index, tabs.length - 1)]
    change({ ...state, tabs, activeId: state.activeId === id ? next?.id : state.activeId })
    // If it cannot be deleted, it was not stored.
    void forgetDraft(state.owner, id).catch(() => undefined)
    texts.delete(id)
  },

  rename(id: number, name: string): void {
    changeTab(id, { name })
    scheduleSave(id)
  },

  set(id: number, more: Partial<Pick<EditorTab, 'rowLimit' | 'continuesAfterErrors' | 'savedQuery'>>): void {
    changeTab(id, more)
    scheduleSave(id)
  },

  /** Another instance, database or role needs another session. */
  aim(id: number, target: TabTarget): void {
    sessions.get(id)?.end()
    sessions.delete(id)
    changeTab(id, target)
    scheduleSave(id)
  },

  textOf: (id: number): string => texts.get(id) ?? '',

  setText(id: number, text: string): void {
    texts.set(id, text)
    scheduleSave(id)
    for (const listener of textListeners) listener()
  },

  onText(listener: () => void): () => void {
    textListeners.add(listener)
    return () => textListeners.delete(listener)
  },

  /** The session of a tab that has an instance and a database. This does not open a connection. */
  sessionOf(id: number): SqlSession | undefined {
    const tab = tabOf(id)
    if (tab?.instance === undefined || tab.database === undefined || state === undefined) return undefined
    const existing = sessions.get(id)
    if (existing !== undefined) return existing
    const session = createSqlSession({ instance: tab.instance, database: tab.database, role: tab.role })
    sessions.set(id, session)
    recordRuns(session, state.owner)
    return session
  },

  /** Tabs with an open transaction, which would be lost. */
  openTransactions: (): readonly EditorTab[] =>
    (state?.tabs ?? []).filter(({ id }) => (sessions.get(id)?.getState().transaction ?? 'none') !== 'none'),

  /** The window closes: sessions that nobody can resume need not be kept for a minute. */
  endAll(): void {
    for (const session of sessions.values()) session.end()
  },
}

const newTab = (id: number, name: string): EditorTab => ({
  id,
  name,
  rowLimit: DEFAULT_ROW_LIMIT,
  continuesAfterErrors: false,
  draft: 'kept',
})

async function read(owner: string): Promise<void> {
  // A browser without storage has no drafts; each tab says that it is not kept.
  const drafts = await readDrafts(owner).catch(() => [])
  for (const { id, text } of drafts) texts.set(id, text)
  const tabs = drafts.map(({ owner: _owner, text: _text, ...draft }) => ({
    ...newTab(draft.id, draft.name),
    ...draft,
  }))
  change({ owner, tabs, activeId: tabs[0]?.id })
}

function scheduleSave(id: number): void {
  clearTimeout(saving.get(id))
  saving.set(
    id,
    setTimeout(() => void save(id), SAVE_AFTER),
  )
}

/** A text that contains a password is not stored; the previous draft stays. */
async function save(id: number): Promise<void> {
  const tab = tabOf(id)
  if (tab === undefined || state === undefined) return
  const text = texts.get(id) ?? ''
  const draft = holdsSecret(text) ? 'secret' : await write(state.owner, tab, text)
  if (tabOf(id)?.draft !== draft) changeTab(id, { draft })
}

async function write(owner: string, tab: EditorTab, text: string): Promise<DraftState> {
  const { id, name, instance, database, role, savedQuery } = tab
  try {
    await keepDraft({ owner, id, name, text, instance, database, role, savedQuery })
    return 'kept'
  } catch {
    // A browser without storage, or without free space: shown at the tab.
    return 'no_storage'
  }
}
