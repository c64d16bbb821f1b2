/** Whose login somebody asks about: an identity by its id or its name, as far as the caller may see it. */
import type { Identity, IdentityType } from '../../domain/identity.ts'
import { parseIdentityId, type AccountId } from '../../domain/ids.ts'
import type { Caller } from '../../policy/permissions.ts'
import type { Directory } from '../ports/directory.ts'
import type { IdentityStore } from '../ports/identities.ts'

export interface FindLoginIdentityPorts {
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly names: Pick<Directory, 'findAssignedByName'>
  readonly accountId: AccountId
}

/** A group last: it is told from nobody only to say that groups do not log in. */
const KINDS: readonly IdentityType[] = ['USER', 'SERVICE_PRINCIPAL', 'GROUP']

/** Whether the caller named itself. Whoever did so in other words is found as everybody else is. */
export const isOwnName = ({ identity }: Caller, text: string): boolean =>
  text === identity.id || text.toLowerCase() === identity.name.toLowerCase()

/** @returns undefined for one that there is not and for one that the caller may not see, which nobody can tell apart */
export async function findLoginIdentity(
  { identities, names, accountId }: FindLoginIdentityPorts,
  caller: Caller,
  text: string,
): Promise<Pick<Identity, 'id' | 'type' | 'name'> | undefined> {
  if (isOwnName(caller, text)) return caller.identity
  const id = parseIdentityId(text)
  if (id !== undefined) {
    const workspaceId = caller.isAccountAdmin ? undefined : caller.workspaceId
    const found = await identities.loadRecord({ accountId, workspaceId }, id)
    if (found !== undefined) return found
  }
  for (const kind of KINDS) {
    const found = await names.findAssignedByName(caller.workspaceId, kind, text)
    if (found !== undefined) return found
  }
  return undefined
}
