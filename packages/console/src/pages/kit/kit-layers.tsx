/** Layers over the page: menus, dialogs, drawers, flags. */
import { useState } from 'react'
import { Button } from '../../kit/button.tsx'
import { Confirm, ConfirmByName, Dialog, Drawer } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Menu, RowMenu } from '../../kit/menu.tsx'
import { Toolbar } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.kitPage
const nothing = () => undefined

const ACTIONS = [
  { id: 'edit', label: texts.secondary, onAction: nothing },
  { id: 'stop', label: texts.menuStop, isDisabled: true },
  { id: 'delete', label: texts.menuDelete, isDangerous: true, onAction: nothing },
]

type Layer = 'dialog' | 'form' | 'confirm' | 'delete' | 'drawer'

const OPENERS: readonly (readonly [Layer, string])[] = [
  ['dialog', texts.openDialog],
  ['form', texts.openForm],
  ['confirm', texts.openConfirm],
  ['delete', texts.openDelete],
  ['drawer', texts.openDrawer],
]

export function KitLayers() {
  const [open, setOpen] = useState<Layer>()
  const close = () => setOpen(undefined)
  return (
    <>
      <Toolbar>
        {OPENERS.map(([layer, words]) => (
          <Button key={layer} onPress={() => setOpen(layer)}>
            {words}
          </Button>
        ))}
        <Menu label={texts.menu} trigger={<Button>{texts.menu}</Button>} actions={ACTIONS} />
        <RowMenu name="dev" actions={ACTIONS} />
      </Toolbar>
      <Toolbar>
        <Button onPress={() => showFlag({ text: texts.flag })}>{texts.showFlag}</Button>
        <Button onPress={() => showFlag({ text: texts.undoFlag, undo: nothing })}>{texts.showUndo}</Button>
      </Toolbar>
      <Dialog
        title={texts.dialogTitle}
        isOpen={open === 'dialog'}
        onClose={close}
        buttons={
          <Button kind="primary" onPress={close}>
            {texts.enable}
          </Button>
        }
      >
        <p>{texts.dialogText}</p>
      </Dialog>
      <Dialog
        title={texts.dialogTitle}
        isOpen={open === 'form'}
        onClose={close}
        hasForm
        buttons={
          <Button kind="primary" onPress={close}>
            {texts.primary}
          </Button>
        }
      >
        <TextField label={texts.name} hint={texts.nameHint} autoFocus />
      </Dialog>
      <Confirm
        title={texts.stopTitle}
        action={texts.stop}
        isOpen={open === 'confirm'}
        onClose={close}
        onConfirm={close}
      >
        <p>{texts.stopText}</p>
      </Confirm>
      <ConfirmByName
        name="dev"
        title={texts.deleteTitle}
        action={texts.danger}
        isOpen={open === 'delete'}
        onClose={close}
        onConfirm={close}
      >
        <p>{texts.deleteText}</p>
      </ConfirmByName>
      <Drawer title={texts.drawerTitle} isOpen={open === 'drawer'} onClose={close}>
        <p>{texts.dialogText}</p>
      </Drawer>
    </>
  )
}
