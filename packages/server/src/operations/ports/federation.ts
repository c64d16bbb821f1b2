/** Federation policies, and the outside tokens that they admit. */
import type { FederationPolicy } from '../../domain/federation-policy.ts'
import type { AccountId, IdentityId } from '../../domain/ids.ts'

/** Of the account (undefined), or of one service principal. */
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
   * In one transaction, on the locked policy; undefined when it is gone.
   * @throws what `decide` throws, and nothing is changed
   */
  changePolicy(
    uid: string,
    decide: (current: FederationPolicy) => FederationPolicy,
  ): Promise<FederationPolicy | undefined>
  deletePolicy(uid: string): Promise<boolean>
}

/** Checks the signature of an outside token with the keys that a policy configures. */
export interface ForeignTokenVerifier {
  /** The claims; undefined when the keys do not vouch for them. @throws Fault identity_provider_unreachable */
  verify(token: string, policy: FederationPolicy): Promise<Readonly<Record<string, unknown>> | undefined>
}
