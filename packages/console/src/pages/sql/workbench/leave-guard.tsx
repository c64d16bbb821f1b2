/** Asks before the person leaves the editor with an open transaction; the window shows a mark while one is open. */
import { useBlocker } from '@tanstack/react-router'
import { useEffect } from 'react'
import { Button } from '../../../kit/button.tsx'
import { Dialog } from '../../../kit/dialog.tsx'
import { messages } from '../../../messages/index.ts'
import { workbench } from './workbench.ts'

const ICON = '/console/favicon.svg'
const ICON_IN_TRANSACTION = '/console/favicon-transaction.svg'

/** The sign of Lakegate in the browser tab, with an amber dot while a transaction is open in it. */
function showTransactionSign(isOpen: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (link !== null) link.href = isOpen ? ICON_IN_TRANSACTION : ICON
}

export function LeaveGuard({ isOpen }: { readonly isOpen: boolean }) {
  useEffect(() => {
    showTransactionSign(isOpen)
  }, [isOpen])
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname && workbench.openTransactions().length > 0,
    enableBeforeUnload: () => workbench.openTransactions().length > 0,
    withResolver: true,
  })
  const isAsking = blocker.status === 'blocked'
  const leave = () => {
    if (blocker.status === 'blocked') blocker.proceed()
  }
  const names = workbench.openTransactions().map(({ name }) => name)
  return (
    <Dialog
      title={messages.sql.transaction.leaveTitle}
      role="alertdialog"
      isOpen={isAsking}
      onClose={() => {
        if (blocker.status === 'blocked') blocker.reset()
      }}
      buttons={
        <>
          <Button onPress={leave}>{messages.sql.transaction.leave}</Button>
          <Button
            kind="danger"
            onPress={() => {
              for (const { id } of workbench.openTransactions()) workbench.sessionOf(id)?.rollback()
              leave()
            }}
          >
            {messages.sql.transaction.rollbackAndLeave}
          </Button>
        </>
      }
    >
      <p>{messages.sql.transaction.leaveText(new Intl.ListFormat('en').format(names))}</p>
    </Dialog>
  )
}
