/** Find an instance, see what is wrong (design 5.1). */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { instancesQuery } from '../../data/instances.ts'
import { DataTable } from '../../kit/data-table.tsx'
import { Page } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'

export function InstancesPage() {
  const { data, error, refetch } = useQuery(instancesQuery)
  return (
    <Page title={messages.app.databaseInstances} isWide>
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable
          label={messages.app.databaseInstances}
          items={data}
          keyOf={({ uid }) => uid}
          nameOf={({ name }) => name}
          empty={<EmptyState>–</EmptyState>}
          columns={[
            {
              id: 'name',
              title: 'Name',
              render: ({ name }) => (
                <Link to="/compute/instances/$name" params={{ name }}>
                  {name}
                </Link>
              ),
              sortBy: ({ name }) => name,
            },
            {
              id: 'created',
              title: 'Created',
              render: (instance) => <TimeText at={instance.creation_time} />,
            },
          ]}
        />
      )}
    </Page>
  )
}
