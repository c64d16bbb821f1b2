/** Find an instance, see what is wrong (design 5.1). */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue } from 'react'
import { instancesQuery } from '../../data/instances.ts'
import { Page } from '../../kit/page.tsx'
import { PageError, Skeleton, Stale } from '../../kit/state.tsx'
import { useKeys } from '../../kit/use-keys.ts'
import { messages } from '../../messages/index.ts'
import { FirstLogin } from '../instance/first-login/first-login.tsx'
import { ComputeTabs } from './compute-tabs.tsx'
import { CreateButton } from './create-button.tsx'
import type { InstanceFilter } from './instance-filter.ts'
import { InstanceToolbar } from './instance-toolbar.tsx'
import { InstancesTable } from './instances-table.tsx'

export function InstancesPage() {
  const { data, error, refetch, dataUpdatedAt } = useQuery(instancesQuery)
  const search: InstanceFilter = useSearch({ strict: false })
  const shown = useDeferredValue(search)
  const navigate = useNavigate()
  const change = (changed: InstanceFilter) =>
    void navigate({ to: '/compute/instances', search: { ...search, ...changed }, replace: true })
  useKeys({
    s: (target) => {
      const uid = target.closest('[role=row]')?.getAttribute('data-key')
      const instance = data?.find((candidate) => uid?.startsWith(candidate.uid))
      if (instance !== undefined)
        void navigate({ to: '/sql', search: { instance: instance.name, new: true } })
    },
  })
  return (
    <Page title={messages.app.databaseInstances} isWide actions={<CreateButton />}>
      <ComputeTabs />
      {data === undefined && error === null && <Skeleton />}
      {data === undefined && error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && error !== null && (
        <Stale since={new Date(dataUpdatedAt)} onRetry={() => void refetch()} />
      )}
      {data !== undefined && data.length > 0 && (
        <>
          <FirstLogin instances={data} />
          <InstanceToolbar search={search} onChange={change} />
        </>
      )}
      {data !== undefined && <InstancesTable instances={data} filter={shown} />}
    </Page>
  )
}
