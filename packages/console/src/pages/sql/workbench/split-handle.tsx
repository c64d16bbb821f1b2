/**
 * The handle between the editor and its results: dragged, or moved by the arrow keys (WAI-ARIA APG, window splitter).
 */
import { useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { messages } from '../../../messages/index.ts'
import styles from './workbench.module.css'

export interface SplitHandleProps {
  /** The height of the editor in per cent. */
  readonly value: number
  readonly onChange: (value: number) => void
}

const [LEAST, MOST, STEP] = [15, 85, 5]

export function SplitHandle({ value, onChange }: SplitHandleProps) {
  const handle = useRef<HTMLDivElement>(null)
  const change = (next: number) => onChange(Math.round(Math.max(LEAST, Math.min(MOST, next))))
  const onPointerMove = (event: PointerEvent) => {
    const box = handle.current?.parentElement?.getBoundingClientRect()
    if (box === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return
    change(((event.clientY - box.top) / box.height) * 100)
  }
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key === 'ArrowUp') change(value - STEP)
    if (key === 'ArrowDown') change(value + STEP)
    if (key === 'Home') change(LEAST)
    if (key === 'End') change(MOST)
  }
  return (
    <div
      ref={handle}
      className={styles['handle']}
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={messages.sql.editor.resize}
      aria-valuenow={value}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    />
  )
}
