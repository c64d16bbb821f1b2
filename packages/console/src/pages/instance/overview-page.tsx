/** Leads to a working psql in three clicks; below that, the properties of the instance (design 5.3). */
import { useQuery } from '@tanstack/react-query'
import { instanceQuery } from '../../data/instances.ts'
import { ConnectionDetails } from './connection/connection-details.tsx'
import { Activity } from './overview/activity.tsx'
import { Properties } from './overview/properties.tsx'
import { useInstanceName } from './use-instance-name.ts'

export function OverviewPage() {
  const { data: instance } = useQuery(instanceQuery(useInstanceName()))
  if (instance === undefined) return null
  return (
    <>
      <ConnectionDetails instance={instance} />
      <Properties instance={instance} />
      <Activity instance={instance} />
    </>
  )
}
