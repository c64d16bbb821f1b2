/** Asks before a change, makes it, says that it was made, and shows at its place what went wrong. */
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Confirm, ConfirmByName } from './dialog.tsx'
import { showFlag } from './flags.tsx'
import { InlineError } from './state.tsx'

export interface ConfirmChangeProps<Answer> {
  readonly title: string
  /** The verb and the noun. */
  readonly action: string
  /** The consequences, with true counts. */
  readonly children?: ReactNode
  readonly change: () => Promise<Answer>
  /** The words of the flag. */
  readonly done: string | ((answer: Answer) => string)
  readonly onDone?: () => void
  readonly onClose: () => void
  readonly isDangerous?: boolean
  /** Typed before the button opens; for what goes for good. */
  readonly name?: string
}

/** Rendered while it asks, so that each question begins without the error of the one before. */
export function ConfirmChange<Answer>({
  title,
  action,
  children,
  change,
  done,
  onDone,
  onClose,
  isDangerous = true,
  name,
}: ConfirmChangeProps<Answer>) {
  const changing = useMutation({
    mutationFn: change,
    onSuccess(answer) {
      showFlag({ text: typeof done === 'string' ? done : done(answer) })
      onClose()
      onDone?.()
    },
  })
  const asked = {
    title,
    action,
    children,
    isOpen: true,
    onClose,
    onConfirm: () => changing.mutate(),
    isBusy: changing.isPending,
    problem: <InlineError error={changing.error} />,
  }
  return name === undefined ? (
    <Confirm {...asked} isDangerous={isDangerous} />
  ) : (
    <ConfirmByName {...asked} name={name} />
  )
}
