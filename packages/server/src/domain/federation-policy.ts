import type { AccountId, IdentityId } from './ids.ts'

/** Whose tokens are exchanged for ours: of which issuer, for which audience, of which subject. */
export interface FederationPolicy {
  readonly uid: string
  readonly accountId: AccountId
  /** Undefined: account-wide, where the subject is the name of a user. */
  readonly servicePrincipalId: IdentityId | undefined
  readonly policyId: string
  readonly description: string
  readonly issuer: string
  /** Empty: the account id. */
  readonly audiences: readonly string[]
  readonly subject: string | undefined
  readonly subjectClaim: string
  /** Undefined, and no `jwksJson`: found by discovery at the issuer. */
  readonly jwksUri: string | undefined
  readonly jwksJson: Readonly<Record<string, unknown>> | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}
