/** Open PostgreSQL sessions of an identity, on all instances of the workspace. */
import type { OpenSessionAnswer } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { endIdentitySessions, identitySessionsQuery, useMayWith } from '../../data/directory.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, Notice, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { nameOf, type AnyIdentity } from './names.ts'

const texts = messages.identity

export function OpenSessionsSection({ identity }: { readonly identity: AnyIdentity }) {
  const may = useMayWith(identity.id, 'manage_open_sessions') === true
  const { data, error, refetch } = useQuery({ ...identitySessionsQuery(identity.id), enabled: may })
  const [isAsking, setAsking] = useState(false)
  if (!may) return null
  return (
    <Section title={texts.openSessions}>
      {data === undefined && error === null && <Skeleton lines={2} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && data.silent_gateways > 0 && (
        <Notice tone="warn">{texts.silentGateways(data.silent_gateways)}</Notice>
      )}
      {data !== undefined && (
        <DataTable<OpenSessionAnswer>
          label={texts.openSessions}
          items={data.sessions}
          keyOf={({ session_id }) => session_id}
          nameOf={({ role }) => role}
          empty={<EmptyState>{texts.noOpenSessions}</EmptyState>}
          columns={[
            {
              id: 'instance',
              title: texts.columns.instance,
              render: ({ database_instance_name: name }) => (
                <Link to="/compute/instances/$name/sessions" params={{ name }}>
                  {name}
                </Link>
              ),
            },
            { id: 'role', title: texts.columns.role, render: ({ role }) => <Name name={role} /> },
            {
              id: 'database',
              title: texts.columns.database,
              render: ({ database }) => <Name name={database} />,
            },
            { id: 'client', title: texts.columns.client, render: ({ client_address }) => client_address },
            {
              id: 'created',
              title: texts.columns.created,
              render: ({ create_time }) => <TimeText at={create_time} />,
            },
          ]}
        />
      )}
      {data !== undefined && data.sessions.length > 0 && (
        <div>
          <Button onPress={() => setAsking(true)}>{texts.endAll}</Button>
        </div>
      )}
      {isAsking && (
        <ConfirmChange
          title={texts.endAllTitle(nameOf(identity))}
          action={texts.endAll}
          change={() => endIdentitySessions(identity.id)}
          done={({ sessions }) => texts.endedSessions(sessions.length)}
          onClose={() => setAsking(false)}
        >
          <p>{texts.endAllText}</p>
        </ConfirmChange>
      )}
    </Section>
  )
}
