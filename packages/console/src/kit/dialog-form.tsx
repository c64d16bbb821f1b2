/** A dialog with one form: fields, errors that belong to no single field, Cancel, and the button that submits. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Form } from './page.tsx'
import { InlineError } from './state.tsx'
import type { FormState } from './use-form.ts'

export interface DialogFormProps {
  readonly title: string
  /** The label of the button that submits. */
  readonly action: string
  readonly form: Pick<FormState<object>, 'isChanged' | 'isBusy' | 'submit' | 'error'>
  readonly onClose: () => void
  readonly children: ReactNode
  /** For a form that edits something: it can be submitted only after a change. */
  readonly needsChange?: boolean
  /**
   * Shown instead of the server's message, if the form has a better one. While it is shown, the form cannot be sent
   * again.
   */
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
