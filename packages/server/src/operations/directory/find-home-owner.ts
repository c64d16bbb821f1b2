/**
 * Finds the owner of a home directory by the name in a path: the caller, or, for administrators, anyone in the
 * workspace.
 */
import { isUuid, type IdentityId } from '../../domain/ids.ts'
import type { Caller } from '../../policy/permissions.ts'
import type { Directory } from '../ports/directory.ts'

/**
 * For a caller who may not reach other homes, no other name is looked up: neither the answer nor its timing reveals
 * whether an identity with that name exists.
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
  // User names are found in any letter case, but a path has only one spelling.
  return found?.name === name ? found.id : undefined
}
