/**
 * Keys of one page, in addition to those of the shell (app/keys.ts), with the same rules: no letter has an effect
 * inside a field or behind a dialog.
 */
import { useEffect, useRef } from 'react'
import { readChoice } from '../browser/choices.ts'

/** The same key as in app/appearance.ts. */
const SHORTCUTS_KEY = 'lakegate-shortcuts'
const FIELD = 'input, textarea, select, [contenteditable], [role=textbox]'
/** After `g` the next letter belongs to the shell, which navigates (app/keys.ts). */
const SECOND_KEY_WITHIN = 1_500
const LAYER = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]'

function isForThePage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  if (readChoice(SHORTCUTS_KEY) === 'off') return false
  const isInField = event.target instanceof Element && event.target.closest(FIELD) !== null
  return !isInField && document.querySelector(LAYER) === null
}

/** @param keys what each key does; the page may pass new functions at every rendering */
export function useKeys(keys: Readonly<Record<string, (target: Element) => void>>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let wentAt = -Infinity
    const press = (event: KeyboardEvent) => {
      const isSecond = event.timeStamp - wentAt < SECOND_KEY_WITHIN
      wentAt = event.key === 'g' ? event.timeStamp : -Infinity
      const act = isSecond ? undefined : latest.current[event.key]
      if (act === undefined || !isForThePage(event) || !(event.target instanceof Element)) return
      event.preventDefault()
      event.stopPropagation()
      act(event.target)
    }
    // In the capture phase, before a grid would use the letter to search its rows.
    addEventListener('keydown', press, { capture: true })
    return () => removeEventListener('keydown', press, { capture: true })
  }, [])
}
