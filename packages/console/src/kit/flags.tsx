/** Flags: short messages at the lower left after an action. Errors are not shown as flags, but where they occurred. */
import { IconX } from '@tabler/icons-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { messages } from '../messages/index.ts'
import { Button, IconButton } from './button.tsx'
import styles from './flags.module.css'

export interface Flag {
  readonly text: string
  /** Undoes the action. */
  readonly undo?: () => void
  /** How long it stays, in milliseconds. */
  readonly lasts?: number
}

interface ShownFlag extends Flag {
  readonly id: number
}

const LASTS = 6_000
const MOST = 3

let flags: readonly ShownFlag[] = []
let lastId = 0
const listeners = new Set<() => void>()

export function showFlag(flag: Flag): void {
  lastId += 1
  change([...flags, { ...flag, id: lastId }].slice(-MOST))
}

function change(next: readonly ShownFlag[]): void {
  flags = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Rendered once, in the shell. F8 moves the focus to it. */
export function FlagRegion() {
  const shown = useSyncExternalStore(subscribe, () => flags)
  const [isHeld, setHeld] = useState(false)
  return (
    <div
      className={styles['region']}
      role="status"
      aria-label={messages.kit.flags}
      data-flags
      tabIndex={-1}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {shown.map((flag) => (
        <OneFlag key={flag.id} flag={flag} isHeld={isHeld} />
      ))}
    </div>
  )
}

function OneFlag({ flag, isHeld }: { readonly flag: ShownFlag; readonly isHeld: boolean }) {
  const remove = () => change(flags.filter(({ id }) => id !== flag.id))
  useEffect(() => {
    if (isHeld) return undefined
    const timer = setTimeout(() => change(flags.filter(({ id }) => id !== flag.id)), flag.lasts ?? LASTS)
    return () => clearTimeout(timer)
  }, [flag, isHeld])
  return (
    <div className={styles['flag']}>
      <span className={styles['text']}>{flag.text}</span>
      {flag.undo !== undefined && (
        <Button
          kind="quiet"
          isSmall
          onPress={() => {
            flag.undo?.()
            remove()
          }}
        >
          {messages.kit.undo}
        </Button>
      )}
      <IconButton
        label={messages.kit.dismiss}
        isSmall
        icon={<IconX size={16} aria-hidden />}
        onPress={remove}
      />
    </div>
  )
}
