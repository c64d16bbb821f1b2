/** A dialog that is one form: fields, what is wrong with all of them together, Cancel, and the verb. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Form } from './page.tsx'
import { InlineError } from './state.tsx'
import type { FormState } from './use-form.ts'

export interface DialogFormProps {
  readonly title: string
  /** The verb. */
  readonly action: string
  readonly form: Pick<FormState<object>, 'isChanged' | 'isBusy' | 'submit' | 'error'>
  readonly onClose: () => void
  readonly children: ReactNode
  /** Nothing to send before something was changed: a form that edits what is there. */
  readonly needsChange?: boolean
  /** Takes the place of the server's words, where the form has better ones. To send again is useless while it stands. */
  readonly problem?: ReactNode
}

export function DialogForm({
  title,
  action,
  form,
  onClose,
  children,
  needsChange = false,
  problem,
}: DialogFormProps) {
  const cannotSend = problem !== undefined || (needsChange && !form.isChanged)
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      isChanged={form.isChanged}
      hasForm
      buttons={
        <Button kind="primary" isDisabled={cannotSend} isBusy={form.isBusy} onPress={form.submit}>
          {action}
        </Button>
      }
    >
      <Form label={title} onSubmit={cannotSend ? () => undefined : form.submit}>
        {children}
        {problem ?? <InlineError error={form.error} />}
      </Form>
    </Dialog>
  )
}
