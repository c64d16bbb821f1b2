/** Says what happens to a password in the text, and how strong it is (design 3.6). */
import { lazy, Suspense, useDeferredValue, useMemo } from 'react'
import { holdsSecret } from '../redact.ts'
import type { PasswordNoteProps } from './password-note.tsx'
import { useTabText } from './use-workbench.ts'

const PasswordNote = lazy(async () => ({ default: (await import('./password-note.tsx')).PasswordNote }))

export interface PasswordChipProps extends Omit<PasswordNoteProps, 'text'> {
  readonly tabId: number
}

export function PasswordChip({ tabId, ...rest }: PasswordChipProps) {
  const text = useDeferredValue(useTabText(tabId))
  const isSecret = useMemo(() => holdsSecret(text), [text])
  return (
    isSecret && (
      <Suspense>
        <PasswordNote text={text} {...rest} />
      </Suspense>
    )
  )
}
