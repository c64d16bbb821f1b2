/** Creates, lists and deletes workspaces: each has its own host name, OAuth server and instances. */
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import { parseWorkspaceId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import { decideManageAccount, type Caller } from '../../policy/permissions.ts'
import { requireDisplayName } from '../directory/identity-names.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { WorkspaceStore } from '../ports/workspaces.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface WorkspacePorts {
  readonly workspaces: WorkspaceStore
  readonly directory: Pick<Directory, 'loadAssignment'>
  readonly clock: Clock
  readonly accountId: AccountId
  /** Chooses the host for a new workspace with this deployment name, given the hosts that are taken. */
  readonly chooseHost: (deploymentName: string, taken: readonly string[]) => string
  /** Makes the host reachable; called after the workspace was created. */
  readonly onCreated: (workspace: Workspace) => Promise<void>
  readonly onDeleted: () => void
}

/** @throws RefusedError permission_denied, invalid_parameter, workspace_already_exists */
export async function createWorkspace(
  ports: WorkspacePorts,
  caller: Caller,
  request: { readonly name: string; readonly deploymentName: string },
): Promise<Workspace> {
  requirePermitted(decideManageAccount(caller))
  const name = requireDisplayName(request.name, 'workspace_name')
  const taken = (await ports.workspaces.listWorkspaces(ports.accountId)).flatMap(({ host }) => host ?? [])
  const created = await ports.workspaces.createWorkspace({
    accountId: ports.accountId,
    name,
    host: ports.chooseHost(request.deploymentName, taken),
    deploymentName: request.deploymentName,
    createdAt: ports.clock(),
    creatorId: caller.identity.id,
  })
  if (created === 'name_taken') throw refused('workspace_already_exists', { name })
  await ports.onCreated(created)
  return created
}

/** Account administrators see all workspaces, other callers those to which they are assigned. */
export async function listWorkspaces(
  ports: Pick<WorkspacePorts, 'workspaces' | 'directory' | 'accountId'>,
  caller: Caller,
): Promise<readonly Workspace[]> {
  const all = await ports.workspaces.listWorkspaces(ports.accountId)
  if (caller.isAccountAdmin) return all
  const memberships = await Promise.all(
    all.map(({ id }) => ports.directory.loadAssignment(caller.identity.id, id)),
  )
  return all.filter((_workspace, index) => memberships[index]?.permission !== undefined)
}

/** @throws RefusedError workspace_not_found, also when the caller may not see it */
export async function getWorkspace(
  ports: Pick<WorkspacePorts, 'workspaces' | 'directory' | 'accountId'>,
  caller: Caller,
  id: string,
): Promise<Workspace> {
  const found = (await listWorkspaces(ports, caller)).find((workspace) => workspace.id === id)
  if (found === undefined) throw workspaceNotFound(id)
  return found
}

/** The workspace at the public URL cannot be deleted: everything else is found from there. */
export async function deleteWorkspace(ports: WorkspacePorts, caller: Caller, id: string): Promise<void> {
  requirePermitted(decideManageAccount(caller))
  const workspace = await getWorkspace(ports, caller, id)
  if (workspace.host === undefined) {
    throw refused('invalid_parameter', {
      field: 'workspace_id',
      problem: 'the first workspace cannot be deleted; it is served at the public URL.',
    })
  }
  if (!(await ports.workspaces.deleteWorkspace(workspace.id)))
    throw refused('workspace_in_use', { id: workspace.id })
  ports.onDeleted()
}

/** @throws RefusedError workspace_not_found */
export async function requireWorkspace(
  workspaces: Pick<WorkspaceStore, 'loadWorkspace'>,
  text: string,
): Promise<WorkspaceId> {
  const id = parseWorkspaceId(text)
  const found = id === undefined ? undefined : await workspaces.loadWorkspace(id)
  if (found === undefined) throw workspaceNotFound(text)
  return found.id
}

const workspaceNotFound = (id: string): RefusedError =>
  refused('workspace_not_found', { id: id.slice(0, 64) })
