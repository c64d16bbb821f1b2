/**
 * Deletes an identity from the account, or takes it out of a workspace. What a workspace made and nobody else has
 * goes for good; its tokens are refused from now on, and its id is never given again (behaviours 41, 42).
 */
import type { DirectoryScope } from '../domain/directory.ts'
import type { IdentityType } from '../domain/identity.ts'
import {
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  type Caller,
} from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import type { IdentityStore } from './ports/identities.ts'
import type { WorkspaceStore } from './ports/workspaces.ts'
import { getIdentity, identityNotFound } from './read-identities.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

/** @throws RefusedError permission_denied, identity_not_found, version_conflict */
export async function deleteIdentity(
  ports: {
    readonly identities: Pick<IdentityStore, 'loadIdentity' | 'deleteIdentity'>
    readonly workspaces: Pick<WorkspaceStore, 'unassign' | 'listWorkspacesOf'>
  },
  caller: Caller,
  scope: DirectoryScope,
  request: {
    readonly type: IdentityType
    readonly id: string
    readonly expectedVersion: string | undefined
  },
): Promise<void> {
  const identity = await getIdentity(ports.identities, scope, request.type, request.id)
  requirePermitted(decideTakeAwayAccess(caller, identity.id))
  if (request.expectedVersion !== undefined && request.expectedVersion !== identity.version)
    throw new RefusedError(refuse('version_conflict', { type: request.type, id: identity.id }))
  const { workspaceId } = scope
  if (workspaceId !== undefined) {
    const mayDelete =
      identity.homeWorkspaceId === workspaceId && decideManageIdentity(caller, identity) === 'permitted'
    const elsewhere = (await ports.workspaces.listWorkspacesOf(identity.id)).filter(
      (id) => id !== workspaceId,
    )
    if (!mayDelete || elsewhere.length > 0) {
      requirePermitted(decideManageWorkspace(caller, workspaceId))
      if (identity.systemGroup !== undefined) requirePermitted(decideManageIdentity(caller, identity))
      if (!(await ports.workspaces.unassign(workspaceId, identity.id))) {
        throw new RefusedError(
          refuse('invalid_parameter', {
            field: 'id',
            problem: `${identity.displayName} is in the workspace through a group; remove it from the group.`,
          }),
        )
      }
      return
    }
  }
  requirePermitted(decideManageIdentity(caller, identity))
  if (!(await ports.identities.deleteIdentity(identity.id))) throw identityNotFound(request.type, request.id)
}
