/** The places of the console by name: the sidebar, the palette and the breadcrumbs are made of them. */
import {
  IconCode,
  IconFileSearch,
  IconServer2,
  IconSettings,
  IconUsers,
  IconWorld,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useMay, useSession } from '../data/session.ts'
import { messages } from '../messages/index.ts'

export interface Place {
  readonly to: string
  readonly label: string
  readonly icon: ReactNode
}

/** Absent is what can never be this person's; the server decides by the same policy. */
export function usePlaces(): readonly Place[] {
  const session = useSession()
  const seesAudit = useMay('see_audit') === true
  return [
    { to: '/sql', label: messages.app.sqlEditor, icon: <IconCode size={20} aria-hidden /> },
    { to: '/compute/instances', label: messages.app.compute, icon: <IconServer2 size={20} aria-hidden /> },
    ...(seesAudit
      ? [{ to: '/audit', label: messages.app.audit, icon: <IconFileSearch size={20} aria-hidden /> }]
      : []),
    {
      to: '/identity/users',
      label: messages.app.identityAndAccess,
      icon: <IconUsers size={20} aria-hidden />,
    },
    ...(session.is_account_admin
      ? [
          {
            to: '/account/workspaces',
            label: messages.app.account,
            icon: <IconWorld size={20} aria-hidden />,
          },
        ]
      : []),
    { to: '/settings/profile', label: messages.app.settings, icon: <IconSettings size={20} aria-hidden /> },
  ]
}

/** The first part of an address: what the sidebar marks, and where breadcrumbs begin. */
export const subjectOf = (path: string): string => path.split('/')[1] ?? ''

/** Where the first part of an address leads, and what it is called. */
export const SUBJECTS: Readonly<Record<string, { readonly to: string; readonly label: string }>> = {
  compute: { to: '/compute/instances', label: messages.app.compute },
  identity: { to: '/identity/users', label: messages.app.identityAndAccess },
  account: { to: '/account/workspaces', label: messages.app.account },
  settings: { to: '/settings/profile', label: messages.app.settings },
  help: { to: '/help/connect', label: messages.app.help },
}

/** Second parts that are lists of their own; below them a thing is meant. */
export const LISTS: Readonly<Record<string, string>> = {
  users: messages.app.users,
  'service-principals': messages.app.servicePrincipals,
  groups: messages.app.groups,
  workspaces: messages.app.workspaces,
  applications: messages.app.applications,
  federation: messages.app.federation,
  refusals: messages.app.palette.refusals,
}
