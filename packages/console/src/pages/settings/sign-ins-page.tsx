/** Where the person is signed in, and how to end that. */
import type { SignInSessionAnswer } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ownSignInsQuery, useEndSignIns } from '../../data/own-sign-ins.ts'
import { useSession } from '../../data/session.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { DataTable, type Column } from '../../kit/data-table.tsx'
import { Confirm } from '../../kit/dialog.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Intro } from '../../kit/page.tsx'
import { EmptyState, InlineError, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { SettingsPage } from './settings-page.tsx'

const texts = messages.settings.signIns

const nameOf = ({ kind, client_id: client }: SignInSessionAnswer): string =>
  kind === 'BROWSER' ? texts.browser : texts.application(client ?? '')

export function SignInsPage() {
  const { browser_id: here } = useSession()
  const { data, error, refetch } = useQuery(ownSignInsQuery)
  const [asks, setAsks] = useState(false)
  const end = useEndSignIns()
  const isHere = ({ browser_id: id }: SignInSessionAnswer) => id === here
  const others = data?.filter((session) => !isHere(session)) ?? []
  const columns: readonly Column<SignInSessionAnswer>[] = [
    {
      id: 'what',
      title: texts.what,
      render: (session) => (
        <span>
          <bdi>{nameOf(session)}</bdi> {isHere(session) && <Badge tone="info">{texts.thisBrowser}</Badge>}
        </span>
      ),
    },
    { id: 'since', title: texts.since, render: (session) => <TimeText at={session.create_time} /> },
    { id: 'until', title: texts.until, render: (session) => <TimeText at={session.expire_time} /> },
  ]
  return (
    <SettingsPage
      title={messages.settings.sessions}
      actions={others.length > 0 && <Button onPress={() => setAsks(true)}>{texts.endOthers}</Button>}
    >
      <Intro>{texts.text}</Intro>
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      <InlineError error={asks ? null : end.error} />
      {data !== undefined && (
        <DataTable
          label={messages.settings.sessions}
          items={data}
          columns={columns}
          keyOf={({ session_id: id }) => id}
          nameOf={nameOf}
          empty={<EmptyState>{messages.kit.none}</EmptyState>}
          actionsOf={(session) =>
            isHere(session) ? null : (
              <Button
                isSmall
                onPress={() =>
                  end.mutate([session.session_id], { onSuccess: () => showFlag({ text: texts.ended }) })
                }
              >
                {texts.end}
              </Button>
            )
          }
        />
      )}
      <Confirm
        title={texts.endOthersTitle}
        action={texts.endOthers}
        isOpen={asks}
        onClose={() => setAsks(false)}
        isBusy={end.isPending}
        problem={<InlineError error={end.error} />}
        onConfirm={() =>
          end.mutate(
            others.map(({ session_id: id }) => id),
            {
              onSuccess: () => {
                showFlag({ text: texts.endedOthers(others.length) })
                setAsks(false)
              },
            },
          )
        }
      >
        <p>{texts.endOthersText(others.length)}</p>
      </Confirm>
    </SettingsPage>
  )
}
