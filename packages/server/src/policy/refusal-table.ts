/**
 * Every refusal of Lakegate in one table, composed from one table per subject. A test checks `docs/refusals.md` against
 * it, in both directions. Texts marked "vendor" are the real service's own (docs/behaviours.md); clients match on them,
 * so they must not change.
 */
import { REFUSALS_BEFORE_PROOF } from './refusals-before-proof.ts'
import { REFUSALS_OF_LOGINS } from './refusals-of-logins.ts'
import { REFUSALS_OF_PAGES } from './refusals-of-pages.ts'
import { REFUSALS_OF_REQUESTS } from './refusals-of-requests.ts'
import { REFUSALS_OF_SESSIONS } from './refusals-of-sessions.ts'

export const REFUSALS = {
  ...REFUSALS_BEFORE_PROOF,
  ...REFUSALS_OF_LOGINS,
  ...REFUSALS_OF_REQUESTS,
  ...REFUSALS_OF_PAGES,
  ...REFUSALS_OF_SESSIONS,
} as const
