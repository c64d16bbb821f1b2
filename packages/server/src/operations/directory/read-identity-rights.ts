/** What the caller may do with an identity of its workspace or, for an account administrator, with any identity. */
import type { IdentityRecord } from '../../domain/directory.ts'
import { parseIdentityId, type AccountId } from '../../domain/ids.ts'
import {
  identityActions,
  identityKeeper,
  type IdentityAction,
  type IdentityKeeper,
} from '../../policy/identity-rights.ts'
import type { Caller } from '../../policy/permissions.ts'
import type { IdentityStore } from '../ports/identities.ts'
import { refused } from '../refused-error.ts'

export interface IdentityRightsPorts {
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly accountId: AccountId
}

export interface IdentityRights {
  readonly identity: IdentityRecord
  readonly keptBy: IdentityKeeper
  readonly actions: readonly IdentityAction[]
}

/** @throws RefusedError identity_not_found */
export async function readIdentityRights(
  { identities, accountId }: IdentityRightsPorts,
  caller: Caller,
  identityId: string,
): Promise<IdentityRights> {
  const id = parseIdentityId(identityId)
  const scope = { accountId, workspaceId: caller.isAccountAdmin ? undefined : caller.workspaceId }
  const identity = id === undefined ? undefined : await identities.loadRecord(scope, id)
  if (identity === undefined)
    throw refused('identity_not_found', { type: 'IDENTITY', name: identityId.slice(0, 64) })
  return { identity, keptBy: identityKeeper(caller, identity), actions: identityActions(caller, identity) }
}
