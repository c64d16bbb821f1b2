/**
 * Admits a login or refuses it: the numbered steps of DESIGN §6, each fact asked for when its turn comes, the
 * verdict left to `policy/`. Leaves exactly one audit record per login.
 */
import type { ClaimedTable } from '../../domain/catalog.ts'
import type { DatabaseFacts } from '../../domain/database-facts.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, RoleOid, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { chooseChallenge, needsRole, type Challenge } from '../../policy/challenge.ts'
import type { Admitted } from '../../policy/login.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import type { SessionTicket } from '../../tokens/session-ticket.ts'
import type { TokenRejection } from '../../tokens/verify.ts'
import { admitByPassword } from './admit-by-password.ts'
import { admitByToken } from './admit-by-token.ts'
import type { RememberedLogins } from './remembered-logins.ts'
import { loadReachableInstance } from '../instances/load-reachable-instance.ts'
import { orUnavailable } from '../or-unavailable.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { ClaimReader } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { LoginDirectory } from '../ports/directory.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceLookup } from '../ports/instances.ts'
import type { FailedLoginBrake, FailedLoginLimits, ProofAsker } from '../ports/proof.ts'
import { RefusedError } from '../refused-error.ts'

export interface AdmitLoginPorts {
  readonly instances: InstanceLookup
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly remembered: RememberedLogins
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly verifyToken: (token: string, now: Date) => Promise<VerifiedToken | TokenRejection>
  readonly issueTicket: (ticket: SessionTicket, now: Date) => Promise<string>
  /** Where tokens of that workspace are to be had. */
  readonly issuerOf: (workspaceId: WorkspaceId) => Promise<string | undefined>
  readonly brake: FailedLoginBrake
  /** As they are now. */
  readonly failedLoginLimits: () => FailedLoginLimits
  /** Of the installation, the same in every gateway and after every start. */
  readonly madeUpVerifierSecret: Redacted<Uint8Array>
  readonly pause: (milliseconds: number) => Promise<void>
  readonly audit: AuditLog
  readonly clock: Clock
}

export interface LoginRequest {
  readonly instanceUid: InstanceUid
  /** As the client sent it; compared exactly. */
  readonly roleName: string
  readonly database: string
  readonly clientAddress: string
  /** The client asked for OAUTHBEARER in its startup message. */
  readonly wantsBearer: boolean
  /** A pooled session cannot have claims: they are opened in one backend, once. */
  readonly endpoint?: 'direct' | 'pooled' | 'read-only'
}

export interface Admission {
  readonly instance: DatabaseInstance
  readonly roleName: string
  readonly roleOid: RoleOid
  /** What the session will show to `databricks_create_role`; a token of nothing else. Undefined without an identity, and for a pooled session. */
  readonly sessionTicket: string | undefined
  /**
   * The identity of the token, and for the role of a group the path of membership from the group down to it. Undefined
   * for a role that logged in by its own password: nobody knows who that was.
   */
  readonly behind:
    | {
        readonly id: IdentityId
        readonly type: Identity['type']
        readonly name: string
        readonly path: readonly string[]
      }
    | undefined
  /** What was proved; undefined for a proof that is no token. */
  readonly token: VerifiedToken | undefined
  /** What the session reads besides, in the database that it asked for (behaviour 10). */
  readonly claimedTables: readonly ClaimedTable[]
  /** Of a pooled login: what PostgreSQL would have looked at, had it opened a backend. Elsewhere it looks itself. */
  readonly pooled?: PooledAdmission | undefined
}

export interface PooledAdmission {
  readonly database: DatabaseFacts
  /** `rolconnlimit`; -1 means none. */
  readonly roleConnectionLimit: number
}

/** What became known in the course of one login, for its audit record. */
export interface SeenOfLogin {
  challenge?: Challenge
  token?: VerifiedToken
  admitted?: Admitted
  instance?: DatabaseInstance
}

/**
 * @param proof asks the client, once, after everything that needs no proof was checked
 * @throws RefusedError with what the client may read
 */
export type AdmitLogin = (request: LoginRequest, proof: ProofAsker) => Promise<Admission>

/** Enough to log in, and nothing else (behaviour 4). */
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
