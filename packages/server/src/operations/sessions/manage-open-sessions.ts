/** Lists and ends open sessions on all gateways: those of an instance, and those of an identity. */
import type { OpenSession, SessionSelection } from '../../domain/open-session.ts'
import { isUuid, parseIdentityId, type AccountId } from '../../domain/ids.ts'
import { decideManageInstance, decideManageWorkspace, type Caller } from '../../policy/permissions.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { InstanceStore } from '../ports/instances.ts'
import type { SessionAsker } from '../ports/sessions.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface OpenSessionPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly accountId: AccountId
  readonly sessions: SessionAsker
  readonly audit: AuditLog
}

export type FoundSessions = Awaited<ReturnType<SessionAsker['ask']>>

/** @throws RefusedError instance_not_found, permission_denied without CAN_MANAGE */
export async function listSessionsOfInstance(
  ports: OpenSessionPorts,
  caller: Caller,
  request: { readonly instance: string },
): Promise<FoundSessions> {
  return ports.sessions.ask({ kind: 'list', selection: await selectOfInstance(ports, caller, request) })
}

/** @throws RefusedError session_not_found, and those of listing */
export async function endSessionOfInstance(
  ports: OpenSessionPorts,
  caller: Caller,
  request: { readonly instance: string; readonly sessionId: string },
): Promise<FoundSessions> {
  const ofInstance = await selectOfInstance(ports, caller, request)
  const id = request.sessionId.slice(0, 64)
  if (!isUuid(request.sessionId)) throw refused('session_not_found', { id })
  const found = await end(ports, caller, { ...ofInstance, sessionId: request.sessionId })
  if (found.sessions.length === 0) throw refused('session_not_found', { id })
  return found
}

/** On all instances of the workspace. @throws RefusedError permission_denied, identity_not_found */
export async function listSessionsOfIdentity(
  ports: OpenSessionPorts,
  caller: Caller,
  request: { readonly identityId: string },
): Promise<FoundSessions> {
  const found = await ports.sessions.ask({ kind: 'list', selection: selectOfIdentity(caller, request) })
  await requireKnown(ports, caller, request, found)
  return found
}

/** On all instances of the workspace. @throws RefusedError permission_denied, identity_not_found */
export async function endSessionsOfIdentity(
  ports: OpenSessionPorts,
  caller: Caller,
  request: { readonly identityId: string },
): Promise<FoundSessions> {
  const found = await end(ports, caller, selectOfIdentity(caller, request))
  await requireKnown(ports, caller, request, found)
  return found
}

/** A deleted identity, or one that left the workspace, may still have sessions; without any it counts as not found. */
async function requireKnown(
  ports: OpenSessionPorts,
  caller: Caller,
  { identityId }: { readonly identityId: string },
  found: FoundSessions,
): Promise<void> {
  const id = parseIdentityId(identityId)
  if (id === undefined || found.sessions.length > 0) return
  const scope = {
    accountId: ports.accountId,
    workspaceId: caller.isAccountAdmin ? undefined : caller.workspaceId,
  }
  if ((await ports.identities.loadRecord(scope, id)) === undefined)
    throw refused('identity_not_found', { type: 'IDENTITY', name: id })
}

async function selectOfInstance(
  ports: OpenSessionPorts,
  caller: Caller,
  { instance: name }: { readonly instance: string },
): Promise<SessionSelection> {
  const instance = await getDatabaseInstance(ports, caller, { name })
  requirePermitted(
    decideManageInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  return {
    workspaceId: instance.workspaceId,
    instanceUid: instance.uid,
    identityId: undefined,
    sessionId: undefined,
  }
}

function selectOfIdentity(caller: Caller, request: { readonly identityId: string }): SessionSelection {
  requirePermitted(decideManageWorkspace(caller, caller.workspaceId))
  const identityId = parseIdentityId(request.identityId)
  if (identityId === undefined)
    throw refused('invalid_parameter', {
      field: 'identity_id',
      problem: 'must be the numeric id of an identity.',
    })
  return { workspaceId: caller.workspaceId, instanceUid: undefined, identityId, sessionId: undefined }
}

/** PostgreSQL informs the clients (57P01); the audit log records who ended the sessions. */
async function end(
  ports: OpenSessionPorts,
  caller: Caller,
  selection: SessionSelection,
): Promise<FoundSessions> {
  const found = await ports.sessions.ask({ kind: 'end', selection })
  for (const session of found.sessions) record(ports.audit, caller, session)
  return found
}

function record(audit: AuditLog, caller: Caller, session: OpenSession): void {
  audit.record({
    event: 'end_session',
    outcome: 'admitted',
    reason: 'session_ended',
    detail: `session ${session.id} of ${session.identity?.name ?? session.role}, by ${caller.identity.name}`,
    ...(session.identity === undefined
      ? {}
      : { identityId: session.identity.id, identityName: session.identity.name }),
    endedById: caller.identity.id,
    endedByName: caller.identity.name,
    role: session.role,
    database: session.database,
    clientAddress: session.clientAddress,
    instanceUid: session.instanceUid,
    instanceName: session.instanceName,
    workspaceId: session.workspaceId,
    ...(session.tokenId === undefined ? {} : { tokenId: session.tokenId }),
  })
}
