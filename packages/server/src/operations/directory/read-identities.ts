/** Reads the directory: one identity, or those that match. */
import type { DirectoryScope, IdentityRecord } from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import { parseIdentityId } from '../../domain/ids.ts'
import type { IdentityStore, IdentityTarget } from '../ports/identities.ts'
import { refused, type RefusedError } from '../refused-error.ts'

/** An identity as a caller names it. An id of another type counts as not found. */
export interface TargetText {
  readonly type: IdentityType
  readonly id: string
}

/** @throws RefusedError identity_not_found */
export function parseTarget({ type, id }: TargetText): IdentityTarget {
  const parsed = parseIdentityId(id)
  if (parsed === undefined) throw identityNotFound(type, id)
  return { type, id: parsed }
}

/**
 * @param id as received; anything that is not an id of that type within the scope counts as not found
 * @throws RefusedError identity_not_found
 */
export async function getIdentity(
  store: Pick<IdentityStore, 'loadRecord'>,
  scope: DirectoryScope,
  type: IdentityType,
  id: string,
): Promise<IdentityRecord> {
  const found = await store.loadRecord(scope, parseTarget({ type, id }).id)
  if (found?.type !== type) throw identityNotFound(type, id)
  return found
}

export const identityNotFound = (type: IdentityType, id: string): RefusedError =>
  refused('identity_not_found', { type, name: id.slice(0, 64) })
