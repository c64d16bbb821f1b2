/** Find an instance, see what is wrong (design 5.1). */
import type { DatabaseInstance } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { SortDescriptor } from 'react-aria-components'
import { instancesQuery } from '../../data/instances.ts'
import { useMay, useSession, workspaceRightsQuery } from '../../data/session.ts'
import { LinkButton } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { RowMenu } from '../../kit/menu.tsx'
import { Page } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton, Stale } from '../../kit/state.tsx'
import { useKeys } from '../../kit/use-keys.ts'
import { messages } from '../../messages/index.ts'
import { FirstLogin } from '../instance/first-login/first-login.tsx'
import { ComputeTabs } from './compute-tabs.tsx'
import { CreateButton } from './create-button.tsx'
import { instanceColumns } from './instance-columns.tsx'
import { filterInstances, SORTED_COLUMNS, type InstanceFilter } from './instance-filter.ts'
import { InstanceToolbar } from './instance-toolbar.tsx'
import { StartButton } from './start-button.tsx'

export function InstancesPage() {
  const { data, error, refetch, dataUpdatedAt } = useQuery(instancesQuery)
  const search: InstanceFilter = useSearch({ strict: false })
  const navigate = useNavigate()
  const { person } = useSession()
  const columns = useMemo(() => instanceColumns(person.name), [person.name])
  const open = (name: string) => void navigate({ to: '/compute/instances/$name', params: { name } })
  const query = (name: string) => void navigate({ to: '/sql', search: { instance: name, new: true } })
  const change = (changed: InstanceFilter) =>
    void navigate({ to: '/compute/instances', search: { ...search, ...changed }, replace: true })
  useKeys({
    s: (target) => {
      const uid = target.closest('[role=row]')?.getAttribute('data-key')
      const instance = data?.find((candidate) => uid?.startsWith(candidate.uid))
      if (instance !== undefined) query(instance.name)
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
      {data !== undefined && (
        <DataTable
          label={messages.app.databaseInstances}
          items={filterInstances(data, search)}
          keyOf={({ uid }) => uid}
          nameOf={({ name }) => name}
          columns={columns}
          noteOf={({ status_message: message }) => message}
          sort={{ column: search.sort ?? 'name', direction: search.direction ?? 'ascending' }}
          onSort={(sort) => change(toSearch(sort))}
          onOpen={({ name }) => open(name)}
          actionsOf={(instance) => <RowActions instance={instance} onOpen={open} onQuery={query} />}
          empty={data.length === 0 ? <NoInstances /> : <EmptyState>{messages.kit.noMatches}</EmptyState>}
        />
      )}
    </Page>
  )
}

function toSearch({ column, direction }: SortDescriptor): InstanceFilter {
  const sort = SORTED_COLUMNS.find((candidate) => candidate === column)
  return { sort, direction }
}

interface RowActionsProps {
  readonly instance: DatabaseInstance
  readonly onOpen: (name: string) => void
  readonly onQuery: (name: string) => void
}

function RowActions({ instance: { name, state }, onOpen, onQuery }: RowActionsProps) {
  return (
    <>
      {state === 'STOPPED' && <StartButton name={name} isSmall />}
      <RowMenu
        name={name}
        actions={[
          { id: 'open', label: messages.compute.open, onAction: () => onOpen(name) },
          { id: 'query', label: messages.compute.queryNamed(name), onAction: () => onQuery(name) },
        ]}
      />
    </>
  )
}

function NoInstances() {
  const mayAttach = useMay('attach_instance')
  const { data } = useQuery(workspaceRightsQuery)
  return (
    <EmptyState
      actions={
        data?.actions.includes('create_instance') === true && (
          <>
            <CreateButton />
            {mayAttach === true && (
              <LinkButton to="/compute/instances/new" search={{ kind: 'attach' }}>
                {messages.compute.attach}
              </LinkButton>
            )}
          </>
        )
      }
    >
      {messages.compute.empty}
    </EmptyState>
  )
}
