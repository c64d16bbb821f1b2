/** Open sessions of all instances that this person manages, in one list (design 5.1). */
import type { DatabaseInstance } from '@lakegate/client'
import { useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { instanceRightsQuery, instancesQuery } from '../../data/instances.ts'
import { instanceSessionsQuery } from '../../data/sessions.ts'
import { Page } from '../../kit/page.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { SessionsSummary } from '../instance-tabs/sessions-summary.tsx'
import { SessionsTable } from '../instance-tabs/sessions-table.tsx'
import { usePausable } from '../instance-tabs/use-pausable.ts'
import { ComputeTabs } from './compute-tabs.tsx'

export function OpenSessionsPage() {
  const { data, error, refetch } = useQuery(instancesQuery)
  return (
    <Page title={messages.app.openSessions} isWide>
      <ComputeTabs />
      {data === undefined && error === null && <Skeleton />}
      {data === undefined && error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <SessionsOf instances={data} />}
    </Page>
  )
}

/** First asks of which instances the person may see the sessions, then reads the sessions. */
function SessionsOf({ instances }: { readonly instances: readonly DatabaseInstance[] }) {
  const rights = useQueries({ queries: instances.map(({ name }) => instanceRightsQuery(name)) })
  const managed = instances.filter(
    (_, index) => rights[index]?.data?.actions.includes('see_sessions') === true,
  )
  if (rights.some(({ isPending }) => isPending)) return <Skeleton />
  if (managed.length === 0) return <EmptyState>{messages.compute.noSessionsSeen}</EmptyState>
  return <AllSessions instances={managed} />
}

function AllSessions({ instances }: { readonly instances: readonly DatabaseInstance[] }) {
  const [pausedAt, setPausedAt] = useState<Date>()
  const running = instances.filter(({ state }) => state === 'AVAILABLE')
  const asleep = instances.filter(({ state }) => state !== 'AVAILABLE').map(({ name }) => name)
  const answers = useQueries({ queries: running.map(({ name }) => instanceSessionsQuery(name)) })
  const isComplete = answers.every(({ isPending }) => !isPending)
  const known = answers.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const shown = usePausable(isComplete ? known : undefined, pausedAt !== undefined)
  const failed = answers.find(({ error }) => error !== null)
  if (shown === undefined) return <Skeleton />
  const sessions = shown.flatMap((answer) => answer.sessions)
  return (
    <>
      {failed?.error !== undefined && failed.error !== null && (
        <PageError error={failed.error} onRetry={() => void failed.refetch()} />
      )}
      <SessionsSummary
        open={sessions.length}
        // All instances ask the same gateways.
        silentGateways={Math.max(0, ...shown.map((answer) => answer.silent_gateways))}
        pausedAt={pausedAt}
        onPause={setPausedAt}
      />
      {asleep.length > 0 && <p>{messages.compute.notAsked(asleep.join(', '))}</p>}
      <SessionsTable label={messages.app.openSessions} sessions={sessions} hasInstanceColumn />
    </>
  )
}
