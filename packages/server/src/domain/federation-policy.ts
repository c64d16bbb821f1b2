import type { AccountId, IdentityId } from './ids.ts'

/** Which outside tokens are exchanged for ours: of which issuer, for which audience, with which subject. */
export interface FederationPolicy {
  readonly uid: string
  readonly accountId: AccountId
  /** Undefined for an account-wide policy, in which the subject is the name of a user. */
  readonly servicePrincipalId: IdentityId | undefined
  readonly policyId: string
  readonly description: string
  readonly issuer: string
  /** Empty means the account id. */
  readonly audiences: readonly string[]
  readonly subject: string | undefined
  readonly subjectClaim: string
  /** Undefined without `jwksJson` means that the keys are discovered at the issuer. */
  readonly jwksUri: string | undefined
  readonly jwksJson: Readonly<Record<string, unknown>> | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}
