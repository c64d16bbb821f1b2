/** The editor of one tab; its cursor and undo history are kept with the tab while another one is shown. */
import { useEffect, useRef, type RefObject } from 'react'
import { createEditor, type EditorEvents, type KeptEditor, type SqlEditor } from './create-editor.ts'
import styles from './editor.module.css'

export interface CodeEditorProps extends EditorEvents {
  readonly tabId: number
  /** The initial text; later changes come from the editor and are never passed back in. */
  readonly text: string
  readonly editor: RefObject<SqlEditor | null>
}

const kept = new Map<number, KeptEditor>()

export function CodeEditor({ tabId, text, editor, ...events }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef({ events, text })
  useEffect(() => {
    latest.current = { events, text }
  })
  useEffect(() => {
    if (host.current === null) return undefined
    const created = createEditor(
      host.current,
      { text: latest.current.text, kept: kept.get(tabId) },
      () => latest.current.events,
    )
    editor.current = created
    return () => {
      kept.set(tabId, created.keep())
      if (editor.current === created) editor.current = null
      created.destroy()
    }
  }, [tabId, editor])
  return <div ref={host} className={styles['host']} data-sql-editor />
}
