/** The frame of a page of the account: its tabs, and an explanation for people who do not administer it. */
import type { ReactNode } from 'react'
import { useSession } from '../../data/session.ts'
import { Page } from '../../kit/page.tsx'
import { Notice } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { DirectoryTabs } from '../identity/tabs.tsx'

export interface AccountPageProps {
  readonly title: string
  /** The page of a single item does not show the tabs of the lists. */
  readonly hasTabs?: boolean
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function AccountPage({ title, hasTabs = true, actions, children }: AccountPageProps) {
  const { is_account_admin: isAccountAdmin } = useSession()
  return (
    <Page title={title} section={messages.identity.accountTitle} isWide actions={isAccountAdmin && actions}>
      {isAccountAdmin ? (
        <>
          {hasTabs && <DirectoryTabs place="account" />}
          {children}
        </>
      ) : (
        <Notice tone="warn">{messages.account.notAdministrator}</Notice>
      )}
    </Page>
  )
}
