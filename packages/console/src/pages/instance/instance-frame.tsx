/** The frame of every tab of an instance: its name, state and buttons, and the tabs (design 4.3). */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { Outlet, useLocation } from '@tanstack/react-router'
import type { DatabaseInstance } from '@lakegate/client'
import { instanceQuery } from '../../data/instances.ts'
import { showFlag } from '../../kit/flags.tsx'
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
  useAvailableFlag(instance)
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
          to: `/compute/instances/$name${path}` as const,
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

/** «sales-prod is available.», shown when that happens while the page is open. */
function useAvailableFlag(instance: DatabaseInstance | undefined): void {
  const before = useRef<Pick<DatabaseInstance, 'name' | 'state'>>(undefined)
  useEffect(() => {
    const was = before.current
    before.current = instance
    if (instance === undefined || was?.name !== instance.name || was.state === instance.state) return
    if (instance.state === 'AVAILABLE') showFlag({ text: messages.instance.isAvailable(instance.name) })
  }, [instance])
}
