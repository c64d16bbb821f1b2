/**
 * A dialog whose forms have their own buttons, because several forms in tabs share one dialog. After something was
 * typed in one of them, Escape and a press beside the dialog do not close it.
 */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { Button } from '../../kit/button.tsx'
import { Dialog } from '../../kit/dialog.tsx'
import { messages } from '../../messages/index.ts'

interface DialogOfForms {
  readonly close: () => void
  readonly setChanged: (isChanged: boolean) => void
}

const context = createContext<DialogOfForms>({ close: () => undefined, setChanged: () => undefined })

export interface FormDialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export function FormDialog({ title, onClose, children }: FormDialogProps) {
  const [isChanged, setChanged] = useState(false)
  return (
    <Dialog
      title={title}
      isOpen
      hasForm
      withoutCancel
      isChanged={isChanged}
      onClose={onClose}
      buttons={undefined}
    >
      <context.Provider value={{ close: onClose, setChanged }}>{children}</context.Provider>
    </Dialog>
  )
}

/** For a form inside the dialog: reports whether something would be lost. */
export function useKeepsDialog(isChanged: boolean): void {
  const { setChanged } = useContext(context)
  useEffect(() => {
    setChanged(isChanged)
    return () => setChanged(false)
  }, [isChanged, setChanged])
}

/** Cancel, and the buttons of the form. */
export function FormDialogButtons({ children }: { readonly children: ReactNode }) {
  const { close } = useContext(context)
  return (
    <>
      <Button onPress={close}>{messages.kit.cancel}</Button>
      {children}
    </>
  )
}
