/** The workspaces of the account. Each has a host of its own. */
import type { WorkspaceAnswer } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { workspacesQuery } from '../../data/account.ts'
import { useSession } from '../../data/session.ts'
import { Badge, STATE_ICONS } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Name } from '../../kit/name.tsx'
import { PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { AccountPage } from './account-page.tsx'
import { CreateWorkspaceDialog } from './create-workspace-dialog.tsx'

const texts = messages.account.workspace

export function WorkspacesPage() {
  const { account_id: accountId, is_account_admin: isAccountAdmin } = useSession()
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery({ ...workspacesQuery(accountId), enabled: isAccountAdmin })
  const [isCreating, setCreating] = useState(false)
  return (
    <AccountPage
      title={messages.account.workspaces}
      actions={
        <Button kind="primary" onPress={() => setCreating(true)}>
          {texts.create}
        </Button>
      }
    >
      {data === undefined && error === null && <Skeleton />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <DataTable<WorkspaceAnswer>
          label={messages.account.workspaces}
          items={data}
          keyOf={({ workspace_id }) => String(workspace_id)}
          nameOf={({ workspace_name }) => workspace_name}
          empty={null}
          columns={[
            {
              id: 'name',
              title: texts.columns.name,
              render: ({ workspace_id, workspace_name }) => (
                <Link to="/account/workspaces/$id" params={{ id: String(workspace_id) }}>
                  <Name name={workspace_name} />
                </Link>
              ),
              sortBy: ({ workspace_name }) => workspace_name,
            },
            {
              id: 'status',
              title: texts.columns.status,
              render: () => (
                <Badge tone="ok" icon={STATE_ICONS.done}>
                  {texts.running}
                </Badge>
              ),
            },
            {
              id: 'address',
              title: texts.columns.address,
              render: ({ workspace_url: url }) => (
                <a href={`${url}/console`} title={url}>
                  {url}
                </a>
              ),
            },
            { id: 'id', title: texts.columns.id, render: ({ workspace_id }) => <code>{workspace_id}</code> },
          ]}
        />
      )}
      {isCreating && (
        <CreateWorkspaceDialog
          accountId={accountId}
          onClose={() => setCreating(false)}
          onCreated={(id) => void navigate({ to: '/account/workspaces/$id', params: { id } })}
        />
      )}
    </AccountPage>
  )
}
