/** Federation policies, and the external tokens that they accept. */
import type { FederationPolicy } from '../../domain/federation-policy.ts'
import type { AccountId, IdentityId } from '../../domain/ids.ts'

/** Policies of the account (undefined), or of one service principal. */
export interface FederationPolicyStore {
  insertPolicy(
    policy: FederationPolicy,
    options: { readonly atMost: number },
  ): Promise<'inserted' | 'id_taken' | 'limit_reached'>
  listPolicies(
    accountId: AccountId,
    servicePrincipalId: IdentityId | undefined,
  ): Promise<readonly FederationPolicy[]>
  /**
   * Runs in one transaction, on the locked policy; undefined when the policy is gone.
   * @throws what `decide` throws; then nothing is changed
   */
  changePolicy(
    uid: string,
    decide: (current: FederationPolicy) => FederationPolicy,
  ): Promise<FederationPolicy | undefined>
  deletePolicy(uid: string): Promise<boolean>
}

/** Checks the signature of an external token with the keys that a policy configures. */
export interface ForeignTokenVerifier {
  /** Resolves to the claims; undefined when no key verifies them. @throws Fault identity_provider_unreachable */
  verify(token: string, policy: FederationPolicy): Promise<Readonly<Record<string, unknown>> | undefined>
}
