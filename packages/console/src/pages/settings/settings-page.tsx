/** The frame of each settings page: its heading, and the tabs to the others. */
import type { ReactNode } from 'react'
import { Page, TabLinks } from '../../kit/page.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.settings

const TABS = [
  { to: '/settings/profile', label: texts.profile },
  { to: '/settings/access-tokens', label: texts.accessTokens },
  { to: '/settings/sessions', label: texts.sessions },
  { to: '/settings/appearance', label: texts.appearance },
] as const

export interface SettingsPageProps {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function SettingsPage({ title, actions, children }: SettingsPageProps) {
  return (
    <Page title={title} section={texts.title} {...(actions === undefined ? {} : { actions })}>
      <TabLinks label={texts.tabs} tabs={TABS} />
      {children}
    </Page>
  )
}
