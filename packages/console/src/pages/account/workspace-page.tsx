/** One workspace: who is assigned to it, and as what. */
import type { PermissionAssignment } from '@lakegate/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import {
  assignmentsQuery,
  assignToWorkspace,
  deleteWorkspace,
  workspacesQuery,
  type WorkspacePermission,
} from '../../data/account.ts'
import { useSession } from '../../data/session.ts'
import { PrincipalChip, type PrincipalType } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmChange } from '../../kit/confirm-change.tsx'
import { Select } from '../../kit/choice.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, InlineError, PageError, Skeleton } from '../../kit/state.tsx'
import { useParam } from '../../kit/use-param.ts'
import { messages } from '../../messages/index.ts'
import { AccountPage } from './account-page.tsx'
import { AssignDialog, PERMISSION_OPTIONS } from './assign-dialog.tsx'

const texts = messages.account.workspace

export function WorkspacePage() {
  const { account_id: accountId, is_account_admin: isAccountAdmin } = useSession()
  const workspaceId = useParam('id')
  const navigate = useNavigate()
  const workspaces = useQuery({ ...workspacesQuery(accountId), enabled: isAccountAdmin })
  const workspace = workspaces.data?.find((one) => String(one.workspace_id) === workspaceId)
  const name = workspace?.workspace_name ?? workspaceId
  const [isAssigning, setAssigning] = useState(false)
  const [isDeleting, setDeleting] = useState(false)
  return (
    <AccountPage
      title={name}
      hasTabs={false}
      actions={
        <>
          <Button kind="primary" onPress={() => setAssigning(true)}>
            {texts.assign}
          </Button>
          <Button onPress={() => setDeleting(true)}>{texts.delete}</Button>
        </>
      }
    >
      <Assignments accountId={accountId} workspaceId={workspaceId} workspaceName={name} />
      {isAssigning && (
        <AssignDialog
          accountId={accountId}
          workspaceId={workspaceId}
          workspaceName={name}
          onClose={() => setAssigning(false)}
        />
      )}
      {isDeleting && (
        <ConfirmChange
          title={texts.deleteTitle(name)}
          name={name}
          action={texts.deleteAction(name)}
          change={() => deleteWorkspace(accountId, workspaceId)}
          done={texts.deleted(name)}
          onDone={() => void navigate({ to: '/account/workspaces' })}
          onClose={() => setDeleting(false)}
        >
          <p>{texts.deleteText}</p>
        </ConfirmChange>
      )}
    </AccountPage>
  )
}

interface AssignmentsProps {
  readonly accountId: string
  readonly workspaceId: string
  readonly workspaceName: string
}

function Assignments({ accountId, workspaceId, workspaceName }: AssignmentsProps) {
  const { data, error, refetch } = useQuery(assignmentsQuery(accountId, workspaceId))
  const [leaving, setLeaving] = useState<PermissionAssignment>()
  const changing = useMutation({
    mutationFn: ({ principalId, permission }: Change) =>
      assignToWorkspace(accountId, workspaceId, String(principalId), permission),
  })
  return (
    <Section title={texts.assignments}>
      {data === undefined && error === null && <Skeleton lines={3} />}
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      <InlineError error={changing.error} />
      {data !== undefined && (
        <DataTable<PermissionAssignment>
          label={texts.assignments}
          items={data}
          keyOf={({ principal }) => String(principal.principal_id)}
          nameOf={({ principal }) => principal.display_name}
          empty={<EmptyState>{texts.empty}</EmptyState>}
          columns={[
            {
              id: 'principal',
              title: texts.principal,
              render: ({ principal }) => <PrincipalChip {...chipOf(principal)} />,
              sortBy: ({ principal }) => chipOf(principal).name,
            },
            {
              id: 'permission',
              title: texts.permission,
              render: ({ principal, permissions }) => (
                <Select
                  label={texts.permission}
                  isLabelHidden
                  value={permissions[0]}
                  options={PERMISSION_OPTIONS}
                  onChange={(permission) =>
                    changing.mutate({ principalId: principal.principal_id, permission })
                  }
                />
              ),
            },
          ]}
          actionsOf={(assignment) => (
            <Button isSmall onPress={() => setLeaving(assignment)}>
              {texts.remove}
            </Button>
          )}
        />
      )}
      {leaving !== undefined && (
        <ConfirmChange
          title={texts.removeTitle(chipOf(leaving.principal).name, workspaceName)}
          action={texts.remove}
          change={() =>
            assignToWorkspace(accountId, workspaceId, String(leaving.principal.principal_id), undefined)
          }
          done={texts.removed(chipOf(leaving.principal).name)}
          onClose={() => setLeaving(undefined)}
        >
          <p>{texts.removeText}</p>
        </ConfirmChange>
      )}
    </Section>
  )
}

interface Change {
  readonly principalId: number
  readonly permission: WorkspacePermission
}

function chipOf(principal: PermissionAssignment['principal']): {
  readonly type: PrincipalType
  readonly name: string
} {
  if (principal.user_name !== undefined) return { type: 'USER', name: principal.user_name }
  if (principal.group_name !== undefined) return { type: 'GROUP', name: principal.group_name }
  return { type: 'SERVICE_PRINCIPAL', name: principal.display_name }
}
