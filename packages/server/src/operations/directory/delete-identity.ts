/**
 * Deletes an identity from the account, or removes it from a workspace. An identity that a workspace created and no
 * other workspace uses is deleted for good; its tokens are refused from then on, and its id is never reused (behaviours
 * 41, 42).
 */
import type { DirectoryScope, IdentityRecord } from '../../domain/directory.ts'
import type { WorkspaceId } from '../../domain/ids.ts'
import {
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  type Caller,
} from '../../policy/permissions.ts'
import type { IdentityStore, Removal } from '../ports/identities.ts'
import { identityNotFound, parseTarget, type TargetText } from './read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import { requireVersion } from './require-version.ts'

/** @throws RefusedError permission_denied, identity_not_found, version_conflict, invalid_parameter */
export async function deleteIdentity(
  ports: { readonly identities: Pick<IdentityStore, 'removeIdentity'> },
  caller: Caller,
  scope: DirectoryScope,
  request: TargetText & { readonly expectedVersion: string | undefined },
): Promise<void> {
  const isRemoved = await ports.identities.removeIdentity(
    scope,
    parseTarget(request),
    (identity, assignedTo) => {
      requirePermitted(decideTakeAwayAccess(caller, identity.id))
      requireVersion(identity, request.expectedVersion)
      return decideRemoval(caller, scope.workspaceId, identity, assignedTo)
    },
  )
  if (!isRemoved) throw identityNotFound(request.type, request.id)
}

function decideRemoval(
  caller: Caller,
  workspaceId: WorkspaceId | undefined,
  identity: IdentityRecord,
  assignedTo: readonly WorkspaceId[],
): Removal {
  if (workspaceId !== undefined) {
    const mayDelete =
      identity.homeWorkspaceId === workspaceId && decideManageIdentity(caller, identity) === 'permitted'
    const isElsewhere = assignedTo.some((id) => id !== workspaceId)
    if (!mayDelete || isElsewhere) {
      requirePermitted(decideManageWorkspace(caller, workspaceId))
      if (identity.systemGroup !== undefined) requirePermitted(decideManageIdentity(caller, identity))
      if (!assignedTo.includes(workspaceId)) {
        throw refused('invalid_parameter', {
          field: 'id',
          problem: `${identity.displayName} is in the workspace through a group; remove it from the group.`,
        })
      }
      return { from: 'workspace', workspaceId }
    }
  }
  requirePermitted(decideManageIdentity(caller, identity))
  return { from: 'account' }
}
