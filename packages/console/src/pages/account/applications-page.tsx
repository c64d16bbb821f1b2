/** OAuth applications into which people sign in with this account. */
import type { CustomAppIntegration } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { applicationsQuery, deleteApplication, type MadeApplication } from '../../data/account.ts'
import { useSession } from '../../data/session.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { CopyField } from '../../kit/copy.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { EmptyState, PageError, Skeleton } from '../../kit/state.tsx'
import { TimeText } from '../../kit/time.tsx'
import { messages } from '../../messages/index.ts'
import { AccountPage } from './account-page.tsx'
import { AddApplicationDialog } from './add-application-dialog.tsx'
import { ApplicationMade } from './application-made.tsx'

const texts = messages.account.application

export function ApplicationsPage() {
  const { account_id: accountId, is_account_admin: isAccountAdmin } = useSession()
  const { data, error, refetch } = useQuery({ ...applicationsQuery(accountId), enabled: isAccountAdmin })
  const [isAdding, setAdding] = useState(false)
  const [made, setMade] = useState<MadeApplication>()
  const [leaving, setLeaving] = useState<CustomAppIntegration>()
  return (
    <AccountPage
      title={messages.account.applications}
      actions={
        <Button kind="primary" onPress={() => setAdding(true)}>
          {texts.add}
        </Button>
      }
    >
      {made !== undefined && <ApplicationMade application={made} onDone={() => setMade(undefined)} />}
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable<CustomAppIntegration>
          label={messages.account.applications}
          items={data}
          keyOf={({ integration_id }) => integration_id}
          nameOf={({ name }) => name}
          empty={<EmptyState>{texts.empty}</EmptyState>}
          columns={[
            {
              id: 'name',
              title: texts.columns.name,
              render: ({ name }) => <Name name={name} />,
              sortBy: ({ name }) => name,
            },
            {
              id: 'client',
              title: texts.columns.clientId,
              render: ({ client_id }) => <CopyField what={texts.clientId} value={client_id} />,
            },
            {
              id: 'kind',
              title: texts.columns.kind,
              render: ({ confidential }) => (confidential ? texts.kinds.confidential : texts.kinds.public),
            },
            {
              id: 'redirects',
              title: texts.columns.redirects,
              render: ({ redirect_urls }) => redirect_urls.join(', '),
            },
            {
              id: 'created',
              title: texts.columns.created,
              render: ({ create_time }) => <TimeText at={create_time} />,
            },
          ]}
          actionsOf={(application) => (
            <Button isSmall onPress={() => setLeaving(application)}>
              {texts.delete}
            </Button>
          )}
        />
      )}
      {isAdding && (
        <AddApplicationDialog accountId={accountId} onClose={() => setAdding(false)} onMade={setMade} />
      )}
      {leaving !== undefined && (
        <ConfirmChange
          title={texts.deleteTitle(leaving.name)}
          name={leaving.name}
          action={texts.deleteAction(leaving.name)}
          change={() => deleteApplication(accountId, leaving.integration_id)}
          done={texts.deleted(leaving.name)}
          onClose={() => setLeaving(undefined)}
        >
          <p>{texts.deleteText}</p>
        </ConfirmChange>
      )}
    </AccountPage>
  )
}
