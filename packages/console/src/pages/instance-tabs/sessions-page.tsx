/** The open sessions, the person behind a group's role, and ending sessions (design 5.6). */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMayDo } from '../../data/instances.ts'
import { instanceSessionsQuery } from '../../data/sessions.ts'
import { PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useInstanceName } from '../instance/use-instance-name.ts'
import { SessionsSummary } from './sessions-summary.tsx'
import { SessionsTable } from './sessions-table.tsx'
import { usePausable } from './use-pausable.ts'
import { Denied } from '../instance/denied.tsx'

export function SessionsPage() {
  const name = useInstanceName()
  const may = useMayDo(name, 'see_sessions')
  if (may === undefined) return <Skeleton />
  return may ? <Sessions instance={name} /> : <Denied />
}

function Sessions({ instance }: { readonly instance: string }) {
  const [pausedAt, setPausedAt] = useState<Date>()
  const { data, error, refetch } = useQuery(instanceSessionsQuery(instance))
  const shown = usePausable(data, pausedAt !== undefined)
  if (shown === undefined)
    return error === null ? <Skeleton /> : <PageError error={error} onRetry={() => void refetch()} />
  return (
    <>
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      <SessionsSummary
        open={shown.sessions.length}
        silentGateways={shown.silent_gateways}
        pausedAt={pausedAt}
        onPause={setPausedAt}
      />
      <SessionsTable
        label={messages.instanceTabs.sessions.label}
        sessions={shown.sessions}
        hasInstanceColumn={false}
      />
    </>
  )
}
