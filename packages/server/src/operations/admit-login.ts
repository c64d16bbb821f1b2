/**
 * Admits a login or refuses it: the numbered steps of DESIGN §6, each fact asked for when its turn comes, the
 * verdict left to `policy/login.ts`. Leaves exactly one audit record per login.
 */
import type { ClaimedTable } from '../domain/catalog.ts'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import type { Identity } from '../domain/identity.ts'
import type { IdentityId, InstanceUid } from '../domain/ids.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { RoleFacts } from '../domain/role.ts'
import { decideInstanceReachable, decideLogin, type Admitted } from '../policy/login.ts'
import { refuse, type Refusal } from '../policy/refusals.ts'
import type { VerifiedToken } from '../tokens/claims.ts'
import type { SessionTicket } from '../tokens/session-ticket.ts'
import type { TokenRejection } from '../tokens/verify.ts'
import type { ClaimReader } from './catalog-ports.ts'
import type { AuditLog, Clock, InstanceLookup, InstanceRoles, LoginDirectory } from './ports.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

export interface AdmitLoginPorts {
  readonly instances: InstanceLookup
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly verifyToken: (token: string, now: Date) => Promise<VerifiedToken | TokenRejection>
  readonly issueTicket: (ticket: SessionTicket, now: Date) => Promise<string>
  readonly audit: AuditLog
  readonly clock: Clock
}

export interface LoginRequest {
  readonly instanceUid: InstanceUid
  /** As the client sent it; compared exactly. */
  readonly roleName: string
  readonly database: string
  readonly clientAddress: string
}

export interface Admission {
  readonly instance: DatabaseInstance
  readonly roleName: string
  /** What the session will show to `databricks_create_role`; a token of nothing else. */
  readonly sessionTicket: string
  /** The identity of the token, and for the role of a group the path of membership from the group down to it. */
  readonly behind: {
    readonly id: IdentityId
    readonly type: Identity['type']
    readonly name: string
    readonly path: readonly string[]
  }
  /** What was proved; undefined for a proof that is no token. */
  readonly token: VerifiedToken | undefined
  /** What the session reads besides, in the database that it asked for (behaviour 10). */
  readonly claimedTables: readonly ClaimedTable[]
}

/**
 * @param askForPassword called once, after everything that needs no proof was checked
 * @throws RefusedError with what the client may read
 */
export type AdmitLogin = (
  request: LoginRequest,
  askForPassword: () => Promise<Redacted<string>>,
) => Promise<Admission>

export function createAdmitLogin(ports: AdmitLoginPorts): AdmitLogin {
  return async (request, askForPassword) => {
    const seen: { token?: VerifiedToken; admitted?: Admitted; instance?: DatabaseInstance } = {}
    try {
      const instance = await orUnavailable(() => loadReachable(ports, request.instanceUid))
      seen.instance = instance
      const role = await orUnavailable(() => ports.roles.loadRoleFacts(instance, request.roleName))
      const token = await verify(ports, request, await askForPassword())
      seen.token = token
      const admitted = await orUnavailable(() => decide(ports, request, instance, role, token))
      seen.admitted = admitted
      const sessionTicket = await orUnavailable(() => issueTicket(ports, instance, admitted, token))
      record(ports.audit, request, seen, { outcome: 'admitted' })
      const { id, type, name } = admitted.identity
      return {
        instance,
        roleName: admitted.role.name,
        sessionTicket,
        behind: { id, type, name, path: admitted.viaGroup?.membershipPath ?? [] },
        token,
        claimedTables: admitted.claimedTables.filter(
          (table) => table.instanceUid === instance.uid && table.databaseName === request.database,
        ),
      }
    } catch (error) {
      record(ports.audit, request, seen, describeFailure(error))
      throw error
    }
  }
}

async function loadReachable(ports: AdmitLoginPorts, uid: InstanceUid): Promise<DatabaseInstance> {
  const instance = await ports.instances.loadInstance(uid)
  if (instance === undefined) {
    throw new RefusedError(
      refuse('instance_not_reachable', { reason: 'The database instance does not exist.' }),
    )
  }
  requirePermitted(decideInstanceReachable(instance.state))
  return instance
}

async function verify(
  ports: AdmitLoginPorts,
  { roleName: role }: LoginRequest,
  password: Redacted<string>,
): Promise<VerifiedToken> {
  const verified = await orUnavailable(() => ports.verifyToken(password.reveal(), ports.clock()))
  if (!('rejected' in verified)) return verified
  throw new RefusedError(toRefusal(verified, role))
}

function toRefusal({ rejected, expiresAt, notBefore }: TokenRejection, role: string): Refusal {
  switch (rejected) {
    case 'personal_access_token':
      return refuse('personal_access_token_as_password', { role })
    case 'wrong_kind':
      return refuse('token_not_for_postgres', { role })
    case 'expired':
      return refuse('token_expired', { role, expiredAt: expiresAt?.toISOString() ?? 'an earlier time' })
    case 'not_yet_valid':
      return refuse('token_not_yet_valid', { role, notBefore: notBefore?.toISOString() ?? 'a later time' })
    case 'not_decodable':
      return refuse('token_not_decodable', { role })
  }
}

/** Everything that may have changed since the password was asked for is read again, after the proof. */
async function decide(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  instance: DatabaseInstance,
  role: RoleFacts | undefined,
  token: VerifiedToken,
): Promise<Admitted> {
  const { identity, group } = await ports.directory.loadLoginIdentity({
    identityId: token.identityId,
    workspaceId: instance.workspaceId,
    groupId: role?.binding?.type === 'GROUP' ? role.binding.id : undefined,
  })
  const claimedTables =
    token.claimSetId === undefined
      ? []
      : await ports.claims.loadClaimSet(token.identityId, instance.workspaceId, token.claimSetId)
  const verdict = decideLogin({
    now: ports.clock(),
    instance,
    roleName: request.roleName,
    role,
    token,
    identity,
    group,
    claimedTables,
  })
  if (verdict.outcome === 'refused') throw new RefusedError(verdict)
  return verdict
}

async function issueTicket(
  ports: AdmitLoginPorts,
  instance: DatabaseInstance,
  { identity, role }: Admitted,
  token: VerifiedToken,
): Promise<string> {
  return ports.issueTicket(
    {
      identityId: identity.id,
      workspaceId: instance.workspaceId,
      instanceUid: instance.uid,
      roleOid: role.oid,
      expiresAt: token.expiresAt,
    },
    ports.clock(),
  )
}

/** What cannot be asked is refused with an error that invites to retry (DESIGN §8), never guessed. */
async function orUnavailable<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Fault && error.retryable) {
      throw new RefusedError(refuse('facts_unavailable', { reason: error.message }, error.code), {
        cause: error,
      })
    }
    throw error
  }
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

function record(
  audit: AuditLog,
  request: LoginRequest,
  seen: {
    readonly token?: VerifiedToken
    readonly admitted?: Admitted
    readonly instance?: DatabaseInstance
  },
  result: {
    readonly outcome: 'admitted' | 'refused' | 'failed'
    readonly reason?: string
    readonly detail?: string
  },
): void {
  const { token, admitted, instance } = seen
  audit.record({
    event: 'login',
    ...result,
    role: request.roleName,
    database: request.database,
    clientAddress: request.clientAddress,
    instanceUid: request.instanceUid,
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
