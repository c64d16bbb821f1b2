/**
 * `audit-required`: no login is admitted before it is on record (attack 42). The record of an admission is awaited
 * last, together with those of simultaneous logins.
 */
import { Fault } from '../../domain/fault.ts'
import { refuse } from '../../policy/refusals.ts'
import type { AdmitLogin } from '../login/admission.ts'
import type { KeptAuditLog } from '../ports/audit.ts'
import { RefusedError } from '../refused-error.ts'

export const requireAudit =
  (admit: AdmitLogin, audit: KeptAuditLog): AdmitLogin =>
  async (request, ...proofs) => {
    const admission = await admit(request, ...proofs)
    try {
      await audit.kept()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      throw new RefusedError(refuse('facts_unavailable', { reason: error.message }, error.code), {
        cause: error,
      })
    }
    return admission
  }
