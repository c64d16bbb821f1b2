/** Whose home a name in a path means: the caller's own, or, for administrators, anybody's in the workspace. */
import { isUuid, type IdentityId } from '../../domain/ids.ts'
import type { Caller } from '../../policy/permissions.ts'
import type { Directory } from '../ports/directory.ts'

/**
 * Others are not looked for on behalf of those who may not reach them: neither the answer nor the time it takes tells
 * whether there is somebody of that name.
 */
export async function findHomeOwner(
  directory: Pick<Directory, 'findAssignedByName'>,
  caller: Caller,
  name: string,
): Promise<IdentityId | undefined> {
  if (name === caller.identity.name) return caller.identity.id
  if (!caller.isWorkspaceAdmin) return undefined
  const type = isUuid(name) ? 'SERVICE_PRINCIPAL' : 'USER'
  const found = await directory.findAssignedByName(caller.workspaceId, type, name)
  // User names are found in any letter case; a path is written in one way only.
  return found?.name === name ? found.id : undefined
}
