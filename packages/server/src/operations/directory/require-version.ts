/** RFC 7644 §3.14: nobody changes what somebody else has changed since. */
import type { IdentityRecord } from '../../domain/directory.ts'
import { refused } from '../refused-error.ts'

/**
 * @param expected of the representation that the caller has seen (If-Match); undefined: whatever is there
 * @throws RefusedError version_conflict
 */
export function requireVersion(
  { type, id, version }: Pick<IdentityRecord, 'type' | 'id' | 'version'>,
  expected: string | undefined,
): void {
  if (expected !== undefined && expected !== version) throw refused('version_conflict', { type, id })
}
