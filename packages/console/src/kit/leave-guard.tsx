/** Asks before the person leaves a changed form: by a link, by Back, or by closing the window. */
import { useBlocker } from '@tanstack/react-router'
import { messages } from '../messages/index.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export function LeaveGuard({ isChanged }: { readonly isChanged: () => boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: isChanged,
    enableBeforeUnload: isChanged,
    withResolver: true,
  })
  if (blocker.status !== 'blocked') return null
  return (
    <Dialog
      title={messages.kit.leave.title}
      isOpen
      onClose={blocker.reset}
      role="alertdialog"
      withoutCancel
      buttons={
        <>
          <Button onPress={blocker.reset} autoFocus>
            {messages.kit.leave.stay}
          </Button>
          <Button kind="danger" onPress={blocker.proceed}>
            {messages.kit.leave.go}
          </Button>
        </>
      }
    >
      <p>{messages.kit.leave.text}</p>
    </Dialog>
  )
}
