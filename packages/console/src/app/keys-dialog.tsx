/** The keys of the console, and the switch that turns those without a modifier off (WCAG 2.1.4). */
import { Button } from '../kit/button.tsx'
import { Dialog } from '../kit/dialog.tsx'
import { messages } from '../messages/index.ts'
import { KeyList } from './key-list.tsx'
import { ShortcutSwitch } from './shortcut-switch.tsx'

export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog
      title={messages.app.keys.title}
      isOpen
      onClose={onClose}
      withoutCancel
      buttons={<Button onPress={onClose}>{messages.kit.close}</Button>}
    >
      <KeyList />
      <ShortcutSwitch />
    </Dialog>
  )
}
