/**
 * Creates, reads, changes and deletes federation policies: those of the account by its administrators, those of a
 * service principal by everyone who manages it.
 */
import type { DirectoryScope } from '../../domain/directory.ts'
import type { FederationPolicy } from '../../domain/federation-policy.ts'
import type { AccountId, IdentityId } from '../../domain/ids.ts'
import { decideManageAccount, decideManageIdentity, type Caller } from '../../policy/permissions.ts'
import type { Clock } from '../ports/clock.ts'
import type { FederationPolicyStore } from '../ports/federation.ts'
import type { IdentityStore } from '../ports/identities.ts'
import { getIdentity } from '../directory/read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'

/** As in the real service (behaviour 68). */
const MOST_POLICIES = 20

export interface FederationPolicyPorts {
  readonly policies: FederationPolicyStore
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly clock: Clock
  readonly accountId: AccountId
  readonly randomUuid: () => string
}

/** Undefined: the policies of the account. */
type ServicePrincipalIdText = string | undefined

export type PolicyContent = Pick<
  FederationPolicy,
  'description' | 'issuer' | 'audiences' | 'subject' | 'subjectClaim' | 'jwksUri' | 'jwksJson'
>

/** @throws RefusedError permission_denied, identity_not_found, quota_exceeded, federation_policy_already_exists, … */
export async function createFederationPolicy(
  ports: FederationPolicyPorts,
  caller: Caller,
  request: {
    readonly servicePrincipalId: ServicePrincipalIdText
    readonly policyId: string | undefined
    readonly content: PolicyContent
  },
): Promise<FederationPolicy> {
  const servicePrincipalId = await requireManageable(ports, caller, request.servicePrincipalId)
  requireConsistent(servicePrincipalId, request.content)
  const now = ports.clock()
  const uid = ports.randomUuid()
  const policy: FederationPolicy = {
    ...request.content,
    uid,
    accountId: ports.accountId,
    servicePrincipalId,
    policyId: request.policyId ?? uid,
    createdAt: now,
    updatedAt: now,
  }
  const result = await ports.policies.insertPolicy(policy, { atMost: MOST_POLICIES })
  if (result === 'limit_reached')
    throw refused('quota_exceeded', {
      problem: `At most ${String(MOST_POLICIES)} federation policies are allowed for the account or a service principal.`,
    })
  if (result === 'id_taken') throw refused('federation_policy_already_exists', { id: policy.policyId })
  return policy
}

export async function listFederationPolicies(
  ports: FederationPolicyPorts,
  caller: Caller,
  servicePrincipalId: ServicePrincipalIdText,
): Promise<readonly FederationPolicy[]> {
  return ports.policies.listPolicies(
    ports.accountId,
    await requireManageable(ports, caller, servicePrincipalId),
  )
}

/** @throws RefusedError federation_policy_not_found, permission_denied, identity_not_found */
export async function getFederationPolicy(
  ports: FederationPolicyPorts,
  caller: Caller,
  request: { readonly servicePrincipalId: ServicePrincipalIdText; readonly policyId: string },
): Promise<FederationPolicy> {
  const policies = await listFederationPolicies(ports, caller, request.servicePrincipalId)
  const found = policies.find(({ policyId }) => policyId === request.policyId)
  if (found === undefined) throw refused('federation_policy_not_found', { id: request.policyId.slice(0, 64) })
  return found
}

export async function updateFederationPolicy(
  ports: FederationPolicyPorts,
  caller: Caller,
  request: {
    readonly servicePrincipalId: ServicePrincipalIdText
    readonly policyId: string
    readonly change: Partial<PolicyContent>
  },
): Promise<FederationPolicy> {
  const { uid } = await getFederationPolicy(ports, caller, request)
  // Concurrent changes do not undo each other.
  const changed = await ports.policies.changePolicy(uid, (current) => {
    const next = { ...current, ...request.change, updatedAt: ports.clock() }
    requireConsistent(current.servicePrincipalId, next)
    return next
  })
  if (changed === undefined)
    throw refused('federation_policy_not_found', { id: request.policyId.slice(0, 64) })
  return changed
}

export async function deleteFederationPolicy(
  ports: FederationPolicyPorts,
  caller: Caller,
  request: { readonly servicePrincipalId: ServicePrincipalIdText; readonly policyId: string },
): Promise<void> {
  const policy = await getFederationPolicy(ports, caller, request)
  await ports.policies.deletePolicy(policy.uid)
}

async function requireManageable(
  ports: FederationPolicyPorts,
  caller: Caller,
  servicePrincipalId: ServicePrincipalIdText,
): Promise<IdentityId | undefined> {
  if (servicePrincipalId === undefined) {
    requirePermitted(decideManageAccount(caller))
    return undefined
  }
  const scope: DirectoryScope = {
    accountId: ports.accountId,
    workspaceId: caller.isAccountAdmin ? undefined : caller.workspaceId,
  }
  const principal = await getIdentity(ports.identities, scope, 'SERVICE_PRINCIPAL', servicePrincipalId)
  requirePermitted(decideManageIdentity(caller, principal))
  return principal.id
}

function requireConsistent(servicePrincipalId: IdentityId | undefined, content: PolicyContent): void {
  const problem =
    servicePrincipalId !== undefined && content.subject === undefined
      ? {
          field: 'oidc_policy.subject',
          problem: 'is required: the subject of the issuer that stands for this service principal.',
        }
      : servicePrincipalId === undefined && content.subject !== undefined
        ? {
            field: 'oidc_policy.subject',
            problem: 'must be left out of an account-wide policy: the subject there is the user name.',
          }
        : content.jwksUri !== undefined && content.jwksJson !== undefined
          ? { field: 'oidc_policy.jwks_json', problem: 'give jwks_uri or jwks_json, not both.' }
          : undefined
  if (problem !== undefined) throw refused('invalid_parameter', problem)
}
