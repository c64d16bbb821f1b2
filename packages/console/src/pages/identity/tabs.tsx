/** The tabs above the lists of Identity and access, and of Account. */
import { TabLinks } from '../../kit/page.tsx'
import type { Place } from '../../data/directory.ts'
import { messages } from '../../messages/index.ts'

const { kinds, title, accountTitle } = messages.identity

export function DirectoryTabs({ place }: { readonly place: Place }) {
  if (place === 'workspace')
    return (
      <TabLinks
        label={title}
        tabs={[
          { to: '/identity/users', label: kinds.Users },
          { to: '/identity/service-principals', label: kinds.ServicePrincipals },
          { to: '/identity/groups', label: kinds.Groups },
        ]}
      />
    )
  return (
    <TabLinks
      label={accountTitle}
      tabs={[
        { to: '/account/workspaces', label: messages.account.workspaces },
        { to: '/account/users', label: kinds.Users },
        { to: '/account/groups', label: kinds.Groups },
        { to: '/account/service-principals', label: kinds.ServicePrincipals },
        { to: '/account/applications', label: messages.account.applications },
        { to: '/account/federation', label: messages.account.federation },
        { to: '/account/audit', label: messages.app.audit },
      ]}
    />
  )
}
