/** The account: its workspaces, who is assigned to them, its OAuth applications. For its administrators. */
import type { CustomAppIntegration, PermissionAssignment, WorkspaceAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { queryClient } from './query-client.ts'

const account = (accountId: string) => `/2.0/accounts/${encodeURIComponent(accountId)}`
const workspacePath = (accountId: string, workspaceId: string) =>
  `${account(accountId)}/workspaces/${encodeURIComponent(workspaceId)}`

export const workspacesQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['workspaces'],
    queryFn: ({ signal }) => get<WorkspaceAnswer[]>(`${account(accountId)}/workspaces`, {}, signal),
  })

export async function createWorkspace(
  accountId: string,
  workspace: { readonly workspace_name: string; readonly deployment_name?: string },
): Promise<WorkspaceAnswer> {
  const created = await send<WorkspaceAnswer>('POST', `${account(accountId)}/workspaces`, workspace)
  await queryClient.invalidateQueries({ queryKey: ['workspaces'] })
  return created
}

export async function deleteWorkspace(accountId: string, workspaceId: string): Promise<void> {
  await send('DELETE', workspacePath(accountId, workspaceId))
  await queryClient.invalidateQueries({ queryKey: ['workspaces'] })
}

export type WorkspacePermission = 'USER' | 'ADMIN'

export const assignmentsQuery = (accountId: string, workspaceId: string) =>
  queryOptions({
    queryKey: ['assignments', workspaceId],
    queryFn: async ({ signal }) =>
      (
        await get<{ permission_assignments: PermissionAssignment[] }>(
          `${workspacePath(accountId, workspaceId)}/permissionassignments`,
          {},
          signal,
        )
      ).permission_assignments,
  })

/** @param permission undefined removes the assignment */
export async function assignToWorkspace(
  accountId: string,
  workspaceId: string,
  principalId: string,
  permission: WorkspacePermission | undefined,
): Promise<void> {
  const path = `${workspacePath(accountId, workspaceId)}/permissionassignments/principals/${encodeURIComponent(principalId)}`
  if (permission === undefined) await send('DELETE', path)
  else await send('PUT', path, { permissions: [permission] })
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['assignments', workspaceId] }),
    queryClient.invalidateQueries({ queryKey: ['directory'] }),
  ])
}

const applicationsPath = (accountId: string) => `${account(accountId)}/oauth2/custom-app-integrations`

export const applicationsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['applications'],
    queryFn: async ({ signal }) =>
      (await get<{ apps: CustomAppIntegration[] }>(applicationsPath(accountId), {}, signal)).apps,
  })

export interface NewApplication {
  readonly name: string
  readonly confidential: boolean
  readonly redirect_urls: readonly string[]
  readonly token_access_policy: {
    readonly access_token_ttl_in_minutes: number
    readonly refresh_token_ttl_in_minutes: number
  }
}

export interface MadeApplication {
  readonly integration_id: string
  readonly client_id: string
  /** Only for a confidential application; never shown again. */
  readonly client_secret?: string
}

export async function createApplication(
  accountId: string,
  application: NewApplication,
): Promise<MadeApplication> {
  const made = await send<MadeApplication>('POST', applicationsPath(accountId), application)
  await queryClient.invalidateQueries({ queryKey: ['applications'] })
  return made
}

export async function deleteApplication(accountId: string, integrationId: string): Promise<void> {
  await send('DELETE', `${applicationsPath(accountId)}/${encodeURIComponent(integrationId)}`)
  await queryClient.invalidateQueries({ queryKey: ['applications'] })
}
