/**
 * An account administrator makes a new key sign tokens; the former keys still verify until the tokens they signed have
 * expired.
 */
import { decideManageAccount, type Caller } from '../../policy/permissions.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { KeyRotation } from '../ports/keys.ts'
import { requirePermitted } from '../refused-error.ts'

export interface RotateSigningKeysPorts {
  readonly keys: { rotate(): Promise<KeyRotation> }
  readonly audit: AuditLog
}

/** @throws RefusedError permission_denied */
export async function rotateSigningKeys(
  { keys, audit }: RotateSigningKeysPorts,
  caller: Caller,
): Promise<KeyRotation> {
  requirePermitted(decideManageAccount(caller))
  const rotation = await keys.rotate()
  audit.record({
    event: 'rotate_signing_keys',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    detail: `${rotation.kid} signs from ${rotation.signsFrom.toISOString()}`,
  })
  return rotation
}
