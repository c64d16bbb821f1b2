/** Runs parts of the text, and maps errors back to their position in it. */
import { useEffect, useState, type RefObject } from 'react'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlState } from '../../../data/sql-state.ts'
import { showFlag } from '../../../kit/flags.tsx'
import { messages } from '../../../messages/index.ts'
import type { SqlEditor, TextPart } from '../editor/create-editor.ts'
import { canExplain, explainPrefix, writingCommand, type ExplainKind } from '../explain/explain-statement.ts'
import type { EditorTab } from './workbench.ts'

/** Where the text of the last run is in the editor. */
interface Origin {
  readonly start: number
  readonly text: string
  /** Length of the text that was put in front of it. */
  readonly prefix: number
}

const origins = new WeakMap<SqlSession, Origin>()

/** ANALYZE of a statement that writes: the person is asked first. */
export interface AskedAnalyze {
  readonly command: string
  readonly part: TextPart
}

/**
 * A run that was requested by a key before the target of the tab was known; `instance` is the one that the person saw
 * then.
 */
interface WaitingRun {
  readonly part: TextPart
  readonly instance: string | undefined
}

export function useRun(
  tab: EditorTab,
  session: SqlSession | undefined,
  state: SqlState,
  editor: RefObject<SqlEditor | null>,
  asWritten: boolean,
) {
  const [asked, setAsked] = useState<AskedAnalyze>()
  const [waiting, setWaiting] = useState<WaitingRun>()

  const start = (part: TextPart, prefix = '', rollBack = false) => {
    // Only keys can cause this: the buttons are disabled until there is a session.
    if (session === undefined) setWaiting({ part, instance: tab.instance })
    if (session === undefined || state.isRunning) return
    editor.current?.clearErrors()
    origins.set(session, { start: part.start, text: part.text, prefix: prefix.length })
    void session.run({
      sql: prefix + part.text,
      rowLimit: tab.rowLimit,
      continueAfterErrors: tab.continuesAfterErrors,
      rollBack,
      asWritten,
    })
  }
  const current = (): TextPart | undefined => {
    const part = editor.current?.current()
    if (part === undefined) showFlag({ text: messages.sql.run.nothing })
    return part
  }
  const explain = (kind: ExplainKind) => {
    const part = current()
    if (part === undefined) return
    const command = kind === 'analyze' ? writingCommand(part.text) : undefined
    if (!canExplain(part.text)) showFlag({ text: messages.sql.run.noPlan })
    else if (command === undefined) start(part, explainPrefix(kind))
    else if (state.transaction === 'none') setAsked({ command, part })
    else showFlag({ text: messages.sql.run.analyzeInTransaction(command) })
  }
  const goToPosition = (offset: number, message: string) => {
    const origin = session === undefined ? undefined : origins.get(session)
    const text = editor.current?.text() ?? ''
    if (origin === undefined || !text.startsWith(origin.text, origin.start)) return
    editor.current?.markError(origin.start + Math.max(0, offset - origin.prefix), message)
  }

  useEffect(() => {
    if (waiting === undefined) return
    const isElsewhere = waiting.instance !== undefined && waiting.instance !== tab.instance
    if (session !== undefined || isElsewhere) setWaiting(undefined)
    if (session !== undefined && !isElsewhere) start(waiting.part)
  }, [waiting, session, tab.instance])

  const failed = state.run?.results.find(({ error }) => error?.offset !== undefined)
  const failedKey = failed === undefined ? undefined : `${String(state.run?.run)}:${String(failed.statement)}`
  useEffect(() => {
    if (failed?.error?.offset !== undefined) goToPosition(failed.error.offset, failed.error.message)
    // Once for each error; the text may be changed afterwards.
  }, [failedKey])

  return {
    run: (what: 'current' | 'all') => {
      const part = what === 'all' ? { text: editor.current?.text() ?? '', start: 0 } : current()
      if (part !== undefined && part.text.trim() !== '') start(part)
    },
    explain,
    goToPosition,
    isWaiting: waiting !== undefined,
    asked,
    analyzeAsked: () => {
      if (asked !== undefined) start(asked.part, explainPrefix('analyze'), true)
      setAsked(undefined)
    },
    forgetAsked: () => setAsked(undefined),
  }
}
