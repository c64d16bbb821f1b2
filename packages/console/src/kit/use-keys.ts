/** Keys of one page beside those of the shell (app/keys.ts), by the same rules: no letter counts inside a field or behind a dialog. */
import { useEffect, useRef } from 'react'

/** As app/appearance.ts keeps it. */
const SHORTCUTS_KEY = 'lakegate-shortcuts'
const FIELD = 'input, textarea, select, [contenteditable], [role=textbox]'
const LAYER = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]'

function isForThePage(event: KeyboardEvent): boolean {
  // The shell takes «g s» before.
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false
  if (localStorage.getItem(SHORTCUTS_KEY) === 'off') return false
  const isInField = event.target instanceof Element && event.target.closest(FIELD) !== null
  return !isInField && document.querySelector(LAYER) === null
}

/** @param keys what each key does; the page may hand in new functions at every rendering */
export function useKeys(keys: Readonly<Record<string, (target: Element) => void>>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const act = latest.current[event.key]
      if (act === undefined || !isForThePage(event) || !(event.target instanceof Element)) return
      event.preventDefault()
      act(event.target)
    }
    // Of the window: after the shell's, which stands at the document.
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}
