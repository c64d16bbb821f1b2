/** Finds the identity whose login a caller asks about, by id or name, as far as the caller may see it. */
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

/** A group comes last: it is found only to report that groups do not log in. */
const KINDS: readonly IdentityType[] = ['USER', 'SERVICE_PRINCIPAL', 'GROUP']

/** Whether the caller named itself by id or name; any other spelling is looked up like any other identity. */
export const isOwnName = ({ identity }: Caller, text: string): boolean =>
  text === identity.id || text.toLowerCase() === identity.name.toLowerCase()

/** @returns undefined both when there is no such identity and when the caller may not see it */
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
