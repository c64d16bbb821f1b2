/**
 * Who may access a directory of the workspace: always its owner and the administrators, and nobody else. Any further
 * grant is refused rather than silently ignored.
 */
import type { Principal } from '../../domain/identity.ts'
import { parseIdentityId, type IdentityId } from '../../domain/ids.ts'
import {
  decideDirectoryGrant,
  decideReadHome,
  type WantedDirectoryGrant,
} from '../../policy/workspace-files.ts'
import type { Caller } from '../../policy/permissions.ts'
import type { Directory } from '../ports/directory.ts'
import type { WorkspaceFileStore } from '../ports/workspace-files.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface DirectoryAccessPorts {
  readonly files: Pick<WorkspaceFileStore, 'findDirectoryOwner'>
  readonly directory: Pick<Directory, 'loadPrincipal'>
}

export interface DirectoryAccess {
  readonly id: string
  readonly owner: Principal
}

/** @throws RefusedError workspace_path_not_found */
export async function getDirectoryAccess(
  { files, directory }: DirectoryAccessPorts,
  caller: Caller,
  id: string,
): Promise<DirectoryAccess> {
  const ownerId = await findOwner(files, caller, id)
  const path = `directories/${id.slice(0, 64)}`
  requirePermitted(decideReadHome(caller, ownerId, path))
  const owner = ownerId === undefined ? undefined : await directory.loadPrincipal(ownerId)
  if (owner === undefined) throw refused('workspace_path_not_found', { path })
  return { id, owner }
}

/**
 * Changes nothing: accepts only grants that the identities have anyway. @throws RefusedError invalid_parameter,
 * workspace_path_not_found
 */
export async function confirmDirectoryAccess(
  ports: DirectoryAccessPorts,
  caller: Caller,
  request: { readonly id: string; readonly grants: readonly WantedDirectoryGrant[] },
): Promise<DirectoryAccess> {
  const access = await getDirectoryAccess(ports, caller, request.id)
  request.grants.forEach((grant, index) => {
    requirePermitted(decideDirectoryGrant(access.owner, grant, index))
  })
  return access
}

async function findOwner(
  files: DirectoryAccessPorts['files'],
  caller: Caller,
  id: string,
): Promise<IdentityId | undefined> {
  // The caller's own home exists even before anything was written to it.
  if (id === caller.identity.id) return caller.identity.id
  // Objects have 64-bit numbers, like identities.
  const wanted = parseIdentityId(id)
  return wanted === undefined ? undefined : files.findDirectoryOwner(caller.workspaceId, wanted)
}
