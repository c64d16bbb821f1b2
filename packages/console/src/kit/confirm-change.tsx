/** Asks before a change, makes it, and reports its success; an error is shown in the dialog. */
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Confirm, ConfirmByName } from './dialog.tsx'
import { showFlag } from './flags.tsx'
import { InlineError } from './state.tsx'

export interface ConfirmChangeProps<Answer> {
  readonly title: string
  /** The label of the button: a verb and a noun. */
  readonly action: string
  /** The consequences, with real counts. */
  readonly children?: ReactNode
  readonly change: () => Promise<Answer>
  /** The text of the flag. */
  readonly done: string | ((answer: Answer) => string)
  readonly onDone?: () => void
  readonly onClose: () => void
  readonly isDangerous?: boolean
  /** Must be typed before the button is enabled; for actions that cannot be undone. */
  readonly name?: string
}

/** Render it only while it asks, so that no question begins with the error of the previous one. */
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
