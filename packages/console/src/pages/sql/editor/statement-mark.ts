/** Marks the lines of the statement at the cursor, which Run would execute. */
import { statementAt } from '@lakegate/sql-text'
import { RangeSetBuilder, type EditorState } from '@codemirror/state'
import {
  Decoration,
  ViewPlugin,
  type DecorationSet,
  type EditorView,
  type ViewUpdate,
} from '@codemirror/view'

const line = Decoration.line({ class: 'cm-statement' })

/** In a longer text, finding it at every key would be noticeable. */
const LARGEST_MARKED = 200_000

function marksOf(state: EditorState): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const { head, empty } = state.selection.main
  const found =
    empty && state.doc.length <= LARGEST_MARKED ? statementAt(state.doc.toString(), head) : undefined
  if (found === undefined) return builder.finish()
  const first = state.doc.lineAt(found.start).number
  const last = state.doc.lineAt(Math.max(found.start, found.end)).number
  for (let number = first; number <= last; number += 1) {
    const { from } = state.doc.line(number)
    builder.add(from, from, line)
  }
  return builder.finish()
}

export const statementMark = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = marksOf(view.state)
    }

    update(update: ViewUpdate) {
      if (update.docChanged || update.selectionSet) this.decorations = marksOf(update.state)
    }
  },
  { decorations: (plugin) => plugin.decorations },
)
