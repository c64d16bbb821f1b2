/** Creates a user, a service principal or a group; in a workspace, also assigns it to the workspace. */
import type { DirectoryScope, IdentityRecord } from '../../domain/directory.ts'
import type { IdentityId } from '../../domain/ids.ts'
import { decideManageAccount, decideManageWorkspace, type Caller } from '../../policy/permissions.ts'
import { conflictError } from './directory-conflict.ts'
import { requireNames } from './identity-names.ts'
import type { IdentityStore, NewIdentity } from '../ports/identities.ts'
import { requirePermitted } from '../refused-error.ts'

/**
 * A user or service principal that the account already has, and the workspace does not, is assigned to the workspace
 * unchanged: that is how identities of the account get into workspaces in the real service.
 * @param request.members members of a new group
 * @throws RefusedError permission_denied, identity_already_exists, identity_name_looks_taken, invalid_parameter
 */
export async function createIdentity(
  ports: { readonly identities: Pick<IdentityStore, 'createIdentity'> },
  caller: Caller,
  scope: DirectoryScope,
  request: Omit<NewIdentity, 'accountId' | 'homeWorkspaceId'> & { readonly members: readonly IdentityId[] },
): Promise<IdentityRecord> {
  const { workspaceId, accountId } = scope
  requirePermitted(
    workspaceId === undefined ? decideManageAccount(caller) : decideManageWorkspace(caller, workspaceId),
  )
  if (request.isAccountAdmin) requirePermitted(decideManageAccount(caller))
  const { members, ...attributes } = request
  const identity = requireNames(request.type, attributes, undefined)
  const created = await ports.identities.createIdentity(
    { ...identity, accountId, homeWorkspaceId: workspaceId },
    { assignTo: workspaceId, members },
  )
  if ('conflict' in created) throw conflictError(created, identity)
  return created
}
