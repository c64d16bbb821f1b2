/** Where a user is signed in: browsers, and applications with a refresh token. */
import type { SignInSessionAnswer } from '@lakegate/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useMayWith } from '../../data/directory.ts'
import { endSignInSession, signInSessionsQuery } from '../../data/identity-access.ts'
import { Button } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Name } from '../../kit/name.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, InlineError, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.identity

export function SignInsSection({ userId }: { readonly userId: string }) {
  const may = useMayWith(userId, 'manage_sign_in_sessions') === true
  const { data, error, refetch } = useQuery({ ...signInSessionsQuery(userId), enabled: may })
  const ending = useMutation({
    mutationFn: (sessionId: string) => endSignInSession(userId, sessionId),
    onSuccess: () => showFlag({ text: texts.ended }),
  })
  if (!may) return null
  return (
    <Section title={texts.signIns}>
      {data === undefined && error === null && <Skeleton lines={2} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      <InlineError error={ending.error} />
      {data !== undefined && (
        <DataTable<SignInSessionAnswer>
          label={texts.signIns}
          items={data}
          keyOf={({ session_id }) => session_id}
          nameOf={(session) => session.client_id ?? texts.signInKinds[session.kind]}
          empty={<EmptyState>{texts.noSignIns}</EmptyState>}
          columns={[
            { id: 'kind', title: texts.columns.kind, render: ({ kind }) => texts.signInKinds[kind] },
            {
              id: 'client',
              title: texts.columns.client,
              render: ({ client_id }) => client_id !== undefined && <Name name={client_id} />,
            },
            {
              id: 'created',
              title: texts.columns.created,
              render: ({ create_time }) => <TimeText at={create_time} />,
            },
            {
              id: 'expires',
              title: texts.columns.expires,
              render: ({ expire_time }) => <TimeText at={expire_time} />,
            },
          ]}
          actionsOf={({ session_id }) => (
            <Button isSmall onPress={() => ending.mutate(session_id)}>
              {texts.end}
            </Button>
          )}
        />
      )}
    </Section>
  )
}
