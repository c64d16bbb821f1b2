/**
 * The list itself. It is rendered after the typed text of the filter is shown, because ten thousand rows must not delay
 * a key press.
 */
import type { DatabaseInstance } from '@lakegate/client'
import { useNavigate } from '@tanstack/react-router'
import { memo, useMemo } from 'react'
import type { SortDescriptor } from 'react-aria-components'
import { useMay, useSession } from '../../data/session.ts'
import { LinkButton } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { RowMenu } from '../../kit/menu.tsx'
import { EmptyState } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { CreateButton } from './create-button.tsx'
import { instanceColumns } from './instance-columns.tsx'
import { filterInstances, SORTED_COLUMNS, type InstanceFilter } from './instance-filter.ts'
import { StartButton } from './start-button.tsx'

export interface InstancesTableProps {
  readonly instances: readonly DatabaseInstance[]
  readonly filter: InstanceFilter
}

export const InstancesTable = memo(function InstancesTable({ instances, filter }: InstancesTableProps) {
  const navigate = useNavigate()
  const { person } = useSession()
  const columns = useMemo(() => instanceColumns(person.name), [person.name])
  const open = (name: string) => void navigate({ to: '/compute/instances/$name', params: { name } })
  const query = (name: string) => void navigate({ to: '/sql', search: { instance: name, new: true } })
  const sortBy = ({ column, direction }: SortDescriptor) => {
    const sort = SORTED_COLUMNS.find((candidate) => candidate === column)
    void navigate({
      to: '.',
      search: (now) => ({ ...now, sort, direction }),
      replace: true,
    })
  }
  return (
    <DataTable
      label={messages.app.databaseInstances}
      items={filterInstances(instances, filter)}
      keyOf={({ uid }) => uid}
      nameOf={({ name }) => name}
      columns={columns}
      noteOf={({ status_message: message }) => message}
      sort={{ column: filter.sort ?? 'name', direction: filter.direction ?? 'ascending' }}
      onSort={sortBy}
      onOpen={({ name }) => open(name)}
      actionsOf={(instance) => <RowActions instance={instance} onOpen={open} onQuery={query} />}
      empty={instances.length === 0 ? <NoInstances /> : <EmptyState>{messages.kit.noMatches}</EmptyState>}
    />
  )
})

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
  const mayCreate = useMay('create_instance') === true
  const mayAttach = useMay('attach_instance') === true
  return (
    <EmptyState
      actions={
        (mayCreate || mayAttach) && (
          <>
            <CreateButton />
            {mayCreate && mayAttach && (
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
