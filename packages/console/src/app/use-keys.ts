/**
 * Listens to the keys of the console, and carries out those that need no component: navigate, focus the filter, create.
 */
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { shortcuts } from './appearance.ts'
import { createKeyReader, type KeyAction } from './keys.ts'

const FIELD = 'input, textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox]'

/** @param onOther called for the keys that the shell handles: the palette, the help, the sidebar */
export function useKeys(onOther: (kind: 'palette' | 'help' | 'fold') => void): void {
  const navigate = useNavigate()
  useEffect(() => {
    const read = createKeyReader(() => shortcuts.get() === 'on')
    const act = (action: KeyAction): boolean => {
      switch (action.kind) {
        case 'go':
          void navigate({ to: action.to })
          return true
        case 'filter':
          return focusOn('main [data-filter]')
        case 'new':
          return press('main [data-shortcut="n"]')
        case 'flags':
          return focusOnFlags()
        case 'palette':
        case 'help':
        case 'fold':
          onOther(action.kind)
          return true
      }
    }
    const onKeyDown = (event: KeyboardEvent) => {
      // The element within a shadow root, such as that of the editor.
      const [origin] = event.composedPath()
      const isInField = origin instanceof Element && origin.closest(FIELD) !== null
      const action = read({
        key: event.key,
        isCommand: IS_APPLE ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey,
        hasOtherModifier: event.altKey || (IS_APPLE ? event.ctrlKey : event.metaKey),
        isInField,
        at: event.timeStamp,
      })
      if (action === undefined || event.defaultPrevented || isBehindDialog(action)) return
      if (act(action)) event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [navigate, onOther])
}

export const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Keys must not act on the page below an open dialog. */
const isBehindDialog = ({ kind }: KeyAction): boolean =>
  kind !== 'flags' && document.querySelector('[role=dialog], [role=alertdialog]') !== null

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector)
  found?.focus()
  return found !== null
}

function press(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector)
  found?.click()
  return found !== null
}

let before: Element | null = null

/** Moves the focus to the flags, and on the second press back to where it was. */
function focusOnFlags(): boolean {
  const region = document.querySelector<HTMLElement>('[data-flags]')
  if (region === null) return false
  if (region.contains(document.activeElement)) {
    if (before instanceof HTMLElement) before.focus()
    return true
  }
  before = document.activeElement
  ;(region.querySelector('button') ?? region).focus()
  return true
}
