/**
 * CodeMirror in a shadow root. There it uses `adoptedStyleSheets`; in the document it would insert a `<style>`, which
 * the content security policy forbids.
 */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from '@codemirror/autocomplete'
import {
  defaultKeymap,
  history,
  historyField,
  historyKeymap,
  indentWithTab,
  toggleComment,
} from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { bracketMatching, indentOnInput } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { EditorState, Prec, StateEffect, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view'
import { statementAt } from '@lakegate/sql-text'
import { messages } from '../../../messages/index.ts'
import { createCompletionSource, type AskCatalog } from './completion.ts'
import { editorLooks } from './editor-theme.ts'
import { statementMark } from './statement-mark.ts'

export interface EditorEvents {
  readonly onChange: (text: string) => void
  readonly onRun: (what: 'current' | 'all') => void
  /** Called when Escape is pressed twice. */
  readonly onCancel: () => void
  readonly ask: AskCatalog
}

/** A part of the text, and its offset. */
export interface TextPart {
  readonly text: string
  readonly start: number
}

/** Text, cursor and undo history. */
export interface KeptEditor {
  readonly text: string
  readonly json: unknown
}

export interface SqlEditor {
  readonly text: () => string
  /** The selection, or the statement at the cursor. */
  readonly current: () => TextPart | undefined
  readonly insert: (text: string) => void
  readonly replaceAll: (text: string) => void
  readonly markError: (offset: number, message: string) => void
  readonly clearErrors: () => void
  readonly focus: () => void
  /** Call it to keep the state until the tab is shown again. */
  readonly keep: () => KeptEditor
  readonly destroy: () => void
}

const TWICE_WITHIN = 600
const KEPT_FIELDS = { history: historyField }

export function createEditor(
  host: HTMLElement,
  start: { readonly text: string; readonly kept: KeptEditor | undefined },
  events: () => EditorEvents,
): SqlEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  const view = new EditorView({ state: firstState(start, extensions(events)), root, parent: root })
  return {
    text: () => view.state.doc.toString(),
    current: () => currentPart(view.state),
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text))
      view.focus()
    },
    replaceAll: (text) => {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    markError: (offset, message) => markError(view, offset, message),
    clearErrors: () => {
      view.dispatch(setDiagnostics(view.state, []))
    },
    focus: () => view.focus(),
    keep: () => ({ text: view.state.doc.toString(), json: view.state.toJSON(KEPT_FIELDS) }),
    destroy: () => view.destroy(),
  }
}

/**
 * If the text has changed meanwhile (a saved query was opened into the tab), it takes precedence over the kept state.
 */
function firstState(
  { text, kept }: { readonly text: string; readonly kept: KeptEditor | undefined },
  withExtensions: Extension,
): EditorState {
  return kept?.text === text
    ? EditorState.fromJSON(kept.json, { extensions: withExtensions }, KEPT_FIELDS)
    : EditorState.create({ doc: text, extensions: withExtensions })
}

function currentPart(state: EditorState): TextPart | undefined {
  const { from, to, head, empty } = state.selection.main
  if (!empty) return { text: state.sliceDoc(from, to), start: from }
  const found = statementAt(state.doc.toString(), head)
  return found === undefined ? undefined : { text: found.text, start: found.start }
}

function markError(view: EditorView, offset: number, message: string): void {
  const at = Math.min(Math.max(0, offset), view.state.doc.length)
  const word = view.state.wordAt(at)
  const to = word === null ? Math.min(at + 1, view.state.doc.length) : word.to
  const from = to === at ? Math.max(0, at - 1) : at
  view.dispatch(setDiagnostics(view.state, [{ from, to, severity: 'error', message }]))
  view.dispatch({ effects: EditorView.scrollIntoView(at) })
}

function extensions(events: () => EditorEvents) {
  let escapedAt = 0
  const escape = (): boolean => {
    const now = Date.now()
    if (now - escapedAt < TWICE_WITHIN) events().onCancel()
    escapedAt = now
    // Not handled exclusively: Escape also closes suggestions, and lets Tab leave the editor.
    return false
  }
  const run = (what: 'current' | 'all') => (view: EditorView) => {
    // Suggestions that arrive later would cover the results.
    closeCompletion(view)
    events().onRun(what)
    return true
  }
  return [
    Prec.highest(
      keymap.of([
        { key: 'Mod-Enter', run: run('current') },
        { key: 'Shift-Mod-Enter', run: run('all') },
        { key: 'Escape', run: escape },
      ]),
    ),
    lineNumbers(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    sql({ dialect: PostgreSQL }).language,
    autocompletion({ override: [createCompletionSource((question) => events().ask(question))] }),
    statementMark,
    placeholder(messages.sql.editor.placeholder),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': messages.sql.editor.label, spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) events().onChange(update.state.doc.toString())
    }),
    keymap.of([
      ...closeBracketsKeymap,
      { key: 'Mod-/', run: toggleComment },
      { key: 'Mod-f', run: openSearch },
      ...historyKeymap,
      ...completionKeymap,
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      indentWithTab,
    ]),
    editorLooks,
  ]
}

/** The search module is loaded at its first use; from then on it handles its own keys. */
function openSearch(view: EditorView): boolean {
  void import('@codemirror/search').then(({ highlightSelectionMatches, openSearchPanel, searchKeymap }) => {
    const keys = Prec.high(keymap.of(searchKeymap))
    view.dispatch({ effects: StateEffect.appendConfig.of([highlightSelectionMatches(), keys]) })
    openSearchPanel(view)
  })
  return true
}
