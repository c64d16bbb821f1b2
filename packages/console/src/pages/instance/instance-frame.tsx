/** Around every tab of an instance: its name, state and buttons, and the tabs (design 4.3). */
import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { instanceQuery } from '../../data/instances.ts'
import { Page, TabLinks } from '../../kit/page.tsx'
import { Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { InstanceActions } from './instance-actions.tsx'
import { StateBadge } from './state-badge.tsx'
import { useInstanceName } from './use-instance-name.ts'
import { tabAt, useInstanceTabs } from './use-instance-tabs.ts'

export function InstanceFrame() {
  const name = useInstanceName()
  const { pathname } = useLocation()
  const { data: instance, error, refetch } = useQuery(instanceQuery(name))
  const tabs = useInstanceTabs(name)
  if (instance === undefined)
    return (
      <Page title={name} section={tabAt(pathname)}>
        {error === null ? <Skeleton /> : <PageError error={error} onRetry={() => void refetch()} />}
      </Page>
    )
  return (
    <Page
      title={name}
      section={tabAt(pathname)}
      badge={<StateBadge instance={instance} />}
      actions={<InstanceActions instance={instance} />}
    >
      <TabLinks
        label={messages.instance.tabsOf(name)}
        tabs={tabs.map(({ path, label }) => ({
          to: `/compute/instances/$name${path}`,
          params: { name },
          label,
          isExact: path === '',
        }))}
      />
      {instance.status_message !== undefined && <Notice tone="warn">{instance.status_message}</Notice>}
      <Outlet />
    </Page>
  )
}
