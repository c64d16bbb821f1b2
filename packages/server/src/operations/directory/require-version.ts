/** RFC 7644 §3.14: nobody changes what somebody else has changed since. */
import type { IdentityRecord } from '../../domain/directory.ts'
import { refuse } from '../../policy/refusals.ts'
import { RefusedError } from '../refused-error.ts'

/**
 * @param expected of the representation that the caller has seen (If-Match); undefined: whatever is there
 * @throws RefusedError version_conflict
 */
export function requireVersion(
  { type, id, version }: Pick<IdentityRecord, 'type' | 'id' | 'version'>,
  expected: string | undefined,
): void {
  if (expected !== undefined && expected !== version)
    throw new RefusedError(refuse('version_conflict', { type, id }))
}
