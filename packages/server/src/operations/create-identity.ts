/** Makes a user, a service principal or a group; in a workspace, also assigns it to the workspace. */
import type { DirectoryScope, IdentityRecord } from '../domain/directory.ts'
import { decideManageAccount, decideManageWorkspace, type Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import type { IdentityStore, NewIdentity } from './ports/identities.ts'
import type { WorkspaceStore } from './ports/workspaces.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

/**
 * A user or service principal that the account has already, and the workspace has not, is taken into the workspace
 * as it is: that is how identities of the account get into workspaces in the real service.
 * @throws RefusedError permission_denied, identity_already_exists
 */
export async function createIdentity(
  ports: {
    readonly identities: Pick<IdentityStore, 'createIdentity' | 'findIdentity' | 'loadIdentity'>
    readonly workspaces: Pick<WorkspaceStore, 'assign'>
  },
  caller: Caller,
  scope: DirectoryScope,
  request: Omit<NewIdentity, 'accountId' | 'homeWorkspaceId'>,
): Promise<IdentityRecord> {
  const { workspaceId, accountId } = scope
  requirePermitted(
    workspaceId === undefined ? decideManageAccount(caller) : decideManageWorkspace(caller, workspaceId),
  )
  if (request.isAccountAdmin) requirePermitted(decideManageAccount(caller))
  const created = await ports.identities.createIdentity(
    { ...request, accountId, homeWorkspaceId: workspaceId },
    workspaceId === undefined ? undefined : { workspaceId, permission: 'USER' },
  )
  if (created !== 'name_taken') return created
  const existing = await ports.identities.findIdentity(accountId, request.type, request.name)
  const isNewHere =
    workspaceId !== undefined &&
    existing !== undefined &&
    existing.type !== 'GROUP' &&
    (await ports.identities.loadIdentity(scope, existing.id)) === undefined
  if (!isNewHere) {
    throw new RefusedError(
      refuse('identity_already_exists', { type: request.type, name: request.name.slice(0, 256) }),
    )
  }
  await ports.workspaces.assign(workspaceId, existing.id, 'USER')
  return existing
}
