/**
 * Admits a login or refuses it: the numbered steps of DESIGN §6. Each fact is loaded when it is needed, and `policy/`
 * decides. Writes exactly one audit record per login.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { unreachable } from '../../domain/unreachable.ts'
import { chooseChallenge, needsRole, type Challenge } from '../../policy/challenge.ts'
import { loadReachableInstance } from '../instances/load-reachable-instance.ts'
import { orUnavailable } from '../or-unavailable.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { ProofAsker } from '../ports/proof.ts'
import { RefusedError } from '../refused-error.ts'
import type { Admission, AdmitLogin, LoginRequest } from './admission.ts'
import { admitByPassword } from './admit-by-password.ts'
import { admitByToken } from './admit-by-token.ts'
import type { AdmitLoginPorts, SeenOfLogin } from './admit-login-ports.ts'

/** The only scope that a login needs (behaviour 4). */
const SCOPE_OF_A_LOGIN = 'postgres'

export function createAdmitLogin(ports: AdmitLoginPorts): AdmitLogin {
  return async (request, proof) => {
    const seen: SeenOfLogin = {}
    try {
      const admission = await admit(ports, request, proof, seen)
      record(ports.audit, request, seen, { outcome: 'admitted' })
      return admission
    } catch (error) {
      record(ports.audit, request, seen, describeFailure(error))
      throw error
    }
  }
}

async function admit(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  proof: ProofAsker,
  seen: SeenOfLogin,
): Promise<Admission> {
  const instance =
    ports.remembered.instance(request.instanceUid) ??
    (await orUnavailable(() => loadReachableInstance(ports.instances, request.instanceUid)))
  seen.instance = instance
  const { wantsBearer } = request
  const role = needsRole({ instance, wantsBearer })
    ? await orUnavailable(() => ports.roles.loadRoleFacts(instance, request.roleName))
    : undefined
  const byToken = (token: Redacted<string>) => admitByToken(ports, request, instance, token, seen)
  const challenge = chooseChallenge({ instance, wantsBearer, role })
  seen.challenge = challenge
  switch (challenge) {
    case 'token_as_password':
      return byToken(await proof.askForPassword())
    case 'bearer_token':
      return proof.askForBearerToken(await discoveryFor(ports, request, instance), byToken)
    case 'scram_of_the_role':
    case 'scram_of_nobody':
      return admitByPassword(ports, request, instance, role, proof)
    default:
      return unreachable(challenge)
  }
}

async function discoveryFor(
  { issuerOf }: AdmitLoginPorts,
  { roleName }: LoginRequest,
  { workspaceId }: DatabaseInstance,
) {
  const issuer = await orUnavailable(() => issuerOf(workspaceId))
  return { roleName, issuer: issuer ?? '', scope: SCOPE_OF_A_LOGIN }
}

function describeFailure(error: unknown) {
  if (!(error instanceof RefusedError)) return { outcome: 'failed' as const, reason: 'internal_error' }
  const { name, auditDetail } = error.refusal
  return {
    outcome: 'refused' as const,
    reason: name,
    ...(auditDetail === undefined ? {} : { detail: auditDetail }),
  }
}

const PROOF_OF = {
  token_as_password: 'token',
  bearer_token: 'token',
  scram_of_the_role: 'password_of_role',
  scram_of_nobody: 'password_of_role',
} as const satisfies Record<Challenge, string>

function record(
  audit: AuditLog,
  request: LoginRequest,
  seen: SeenOfLogin,
  result: {
    readonly outcome: 'admitted' | 'refused' | 'failed'
    readonly reason?: string
    readonly detail?: string
  },
): void {
  const { challenge, token, admitted, instance } = seen
  audit.record({
    event: 'login',
    ...result,
    role: request.roleName,
    database: request.database,
    clientAddress: request.clientAddress,
    instanceUid: request.instanceUid,
    ...(challenge === undefined ? {} : { proof: PROOF_OF[challenge] }),
    ...(request.endpoint === undefined ? {} : { endpoint: request.endpoint }),
    ...(instance === undefined ? {} : { instanceName: instance.name, workspaceId: instance.workspaceId }),
    ...(token === undefined ? {} : { tokenId: token.tokenId, identityId: token.identityId }),
    ...(admitted === undefined ? {} : { identityName: admitted.identity.name }),
    ...(admitted?.viaGroup?.membershipPath === undefined
      ? {}
      : {
          viaGroupPath: admitted.viaGroup.membershipPath,
          ...(admitted.viaGroup.membershipNames === undefined
            ? {}
            : { viaGroupNames: admitted.viaGroup.membershipNames }),
        }),
  })
}
