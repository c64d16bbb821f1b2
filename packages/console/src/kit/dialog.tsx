/** Layers over the page: dialogs that ask, the dialog that deletes, and drawers that show an item beside its list. */
import { IconX } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { Button, IconButton } from './button.tsx'
import { classes } from './classes.ts'
import styles from './dialog.module.css'
import { TextField } from './field.tsx'

export interface DialogProps {
  /** The question, or what the form creates. */
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
  /** The buttons, the dangerous one last. A Cancel button is added before them, unless `withoutCancel`. */
  readonly buttons: ReactNode
  /** Something was typed: Escape and a press beside the dialog then do not close it. */
  readonly isChanged?: boolean
  readonly withoutCancel?: boolean
  readonly hasForm?: boolean
  readonly role?: 'dialog' | 'alertdialog'
}

export function Dialog({
  title,
  isOpen,
  onClose,
  children,
  buttons,
  isChanged = false,
  withoutCancel = false,
  hasForm = false,
  role = 'dialog',
}: DialogProps) {
  return (
    <ModalOverlay
      className={styles['scrim'] ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      isDismissable={!isChanged && role === 'dialog'}
      isKeyboardDismissDisabled={isChanged}
    >
      <Modal className={classes(styles['modal'], hasForm && styles['wide'])}>
        <AriaDialog className={styles['dialog'] ?? ''} role={role}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
          <div className={styles['buttons']}>
            {!withoutCancel && (
              <Button onPress={onClose} autoFocus={role === 'alertdialog'}>
                {messages.kit.cancel}
              </Button>
            )}
            {buttons}
          </div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

export interface ConfirmProps {
  readonly title: string
  /** The consequences, with real counts. */
  readonly children: ReactNode
  /** The label of the button: a verb and a noun. */
  readonly action: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onConfirm: () => void
  readonly isBusy?: boolean
  readonly isDangerous?: boolean
  /** What went wrong, below the text. */
  readonly problem?: ReactNode
}

/** Asks before something that cannot be undone. The focus is on Cancel. */
export function Confirm({
  title,
  children,
  action,
  isOpen,
  onClose,
  onConfirm,
  isBusy = false,
  isDangerous = true,
  problem,
}: ConfirmProps) {
  return (
    <Dialog
      title={title}
      isOpen={isOpen}
      onClose={onClose}
      role="alertdialog"
      buttons={
        <Button kind={isDangerous ? 'danger' : 'primary'} onPress={onConfirm} isBusy={isBusy}>
          {action}
        </Button>
      }
    >
      {children}
      {problem}
    </Dialog>
  )
}

export interface ConfirmByNameProps extends ConfirmProps {
  /** Must be typed or pasted exactly. */
  readonly name: string
}

/** Asks before something is deleted permanently: the button is enabled only when its exact name was typed. */
export function ConfirmByName({ name, onConfirm, ...rest }: ConfirmByNameProps) {
  const [typed, setTyped] = useState('')
  const matches = typed === name
  const close = () => {
    setTyped('')
    rest.onClose()
  }
  return (
    <Dialog
      title={rest.title}
      isOpen={rest.isOpen}
      onClose={close}
      role="alertdialog"
      buttons={
        <Button kind="danger" isDisabled={!matches} isBusy={rest.isBusy ?? false} onPress={onConfirm}>
          {rest.action}
        </Button>
      }
    >
      {rest.children}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (matches && rest.isBusy !== true) onConfirm()
        }}
      >
        <TextField
          label={messages.kit.typeToConfirm(name)}
          value={typed}
          onChange={setTyped}
          isMono
          autoComplete="off"
        />
      </form>
      {rest.problem}
    </Dialog>
  )
}

export interface DrawerProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Drawer({ title, isOpen, onClose, children }: DrawerProps) {
  return (
    <ModalOverlay
      className={styles['scrim'] ?? ''}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      isDismissable
    >
      <Modal className={styles['drawer'] ?? ''}>
        <AriaDialog className={styles['dialog'] ?? ''}>
          <div className={styles['drawerHead']}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton label={messages.kit.close} icon={<IconX size={20} aria-hidden />} onPress={onClose} />
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
