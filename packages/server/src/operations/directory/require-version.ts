/** RFC 7644 §3.14: a change is refused when the identity has been changed since the caller read it. */
import type { IdentityRecord } from '../../domain/directory.ts'
import { refused } from '../refused-error.ts'

/**
 * @param expected the version that the caller has read (If-Match); undefined: any version
 * @throws RefusedError version_conflict
 */
export function requireVersion(
  { type, id, version }: Pick<IdentityRecord, 'type' | 'id' | 'version'>,
  expected: string | undefined,
): void {
  if (expected !== undefined && expected !== version) throw refused('version_conflict', { type, id })
}
