/** The named places of the console, from which the sidebar, the palette and the breadcrumbs are built. */
import {
  IconCode,
  IconFileSearch,
  IconServer2,
  IconSettings,
  IconUsers,
  IconWorld,
} from '@tabler/icons-react'
import type { LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMay, useSession } from '../data/session.ts'
import { messages } from '../messages/index.ts'

/** An address that the router knows. */
export type Address = NonNullable<LinkProps['to']>

export interface Place {
  readonly to: Address
  readonly label: string
  readonly icon: ReactNode
}

/** Places that this person may never open are left out; the server decides by the same policy. */
export function usePlaces(): readonly Place[] {
  const session = useSession()
  const seesAudit = useMay('see_audit') === true
  return [
    place('/sql', messages.app.sqlEditor, <IconCode size={20} aria-hidden />),
    place('/compute/instances', messages.app.compute, <IconServer2 size={20} aria-hidden />),
    ...(seesAudit ? [place('/audit', messages.app.audit, <IconFileSearch size={20} aria-hidden />)] : []),
    place('/identity/users', messages.app.identityAndAccess, <IconUsers size={20} aria-hidden />),
    ...(session.is_account_admin
      ? [place('/account/workspaces', messages.app.account, <IconWorld size={20} aria-hidden />)]
      : []),
    place('/settings/profile', messages.app.settings, <IconSettings size={20} aria-hidden />),
  ]
}

const place = (to: Address, label: string, icon: ReactNode): Place => ({ to, label, icon })

/** The first part of an address, which the sidebar marks, and with which breadcrumbs begin. */
export const subjectOf = (path: string): string => path.split('/')[1] ?? ''

/** Where the first part of an address leads, and its label. */
export const SUBJECTS: Readonly<Record<string, { readonly to: Address; readonly label: string }>> = {
  compute: { to: '/compute/instances', label: messages.app.compute },
  identity: { to: '/identity/users', label: messages.app.identityAndAccess },
  account: { to: '/account/workspaces', label: messages.app.account },
  settings: { to: '/settings/profile', label: messages.app.settings },
  help: { to: '/help/connect', label: messages.app.help },
}

/** Second parts that are lists; anything below them is a single item. */
export const LISTS: Readonly<Record<string, string>> = {
  users: messages.app.users,
  'service-principals': messages.app.servicePrincipals,
  groups: messages.app.groups,
  workspaces: messages.app.workspaces,
  applications: messages.app.applications,
  federation: messages.app.federation,
  refusals: messages.app.palette.refusals,
}
