/** Changes an identity. Its id stays, and with it every role that is bound to it (behaviours 40, 49). */
import type { DirectoryScope, IdentityChange, IdentityRecord } from '../domain/directory.ts'
import type { IdentityType } from '../domain/identity.ts'
import {
  decideManageAccount,
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  type Caller,
} from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import type { IdentityStore, MembershipChange } from './ports/identities.ts'
import type { WorkspaceStore } from './ports/workspaces.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import { getIdentity, identityNotFound } from './read-identities.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

export interface ChangeIdentityRequest {
  readonly type: IdentityType
  readonly id: string
  /** Of the representation that the caller has seen (If-Match); undefined: whatever is there. */
  readonly expectedVersion: string | undefined
  /** What to change, given what is there now. */
  readonly change: (current: IdentityRecord) => {
    readonly attributes: IdentityChange
    readonly members: MembershipChange | undefined
  }
}

export interface ChangeIdentityPorts {
  readonly identities: Pick<IdentityStore, 'loadIdentity' | 'updateIdentity' | 'changeMembers'>
  readonly workspaces: Pick<WorkspaceStore, 'assign'>
}

/** @throws RefusedError permission_denied, identity_not_found, identity_already_exists, version_conflict, invalid_parameter */
export async function changeIdentity(
  ports: ChangeIdentityPorts,
  caller: Caller,
  scope: DirectoryScope,
  request: ChangeIdentityRequest,
): Promise<IdentityRecord> {
  const { identities: store } = ports
  const current = await getIdentity(store, scope, request.type, request.id)
  if (current.systemGroup === 'admins' && scope.workspaceId !== undefined) {
    await changeAdministrators(ports, caller, scope, scope.workspaceId, request.change(current))
    return current
  }
  requirePermitted(decideManageIdentity(caller, current))
  const conflict = new RefusedError(refuse('version_conflict', { type: request.type, id: current.id }))
  if (request.expectedVersion !== undefined && request.expectedVersion !== current.version) throw conflict
  const { attributes, members } = request.change(current)
  requireMayChange(caller, current, attributes)
  if (members !== undefined) await changeMembers(store, scope, current, members)
  if (Object.keys(attributes).length === 0) return getIdentity(store, scope, request.type, request.id)
  const updated = await store.updateIdentity(
    current.id,
    attributes,
    members === undefined ? request.expectedVersion : undefined,
  )
  if (updated === 'name_taken') {
    throw new RefusedError(
      refuse('identity_already_exists', { type: request.type, name: attributes.name ?? current.name }),
    )
  }
  if (updated === undefined) {
    throw request.expectedVersion === undefined ? identityNotFound(request.type, request.id) : conflict
  }
  return updated
}

function requireMayChange(caller: Caller, current: IdentityRecord, change: IdentityChange): void {
  const isDemoted = change.isAccountAdmin === false && current.isAccountAdmin
  if (change.active === false || isDemoted) requirePermitted(decideTakeAwayAccess(caller, current.id))
  if (change.isAccountAdmin !== undefined && change.isAccountAdmin !== current.isAccountAdmin)
    requirePermitted(decideManageAccount(caller))
}

/** Members of `admins` are made by assignments; so is what clients do to the group (terraform does). */
async function changeAdministrators(
  ports: ChangeIdentityPorts,
  caller: Caller,
  scope: DirectoryScope,
  workspaceId: WorkspaceId,
  { attributes, members }: ReturnType<ChangeIdentityRequest['change']>,
): Promise<void> {
  requirePermitted(decideManageWorkspace(caller, workspaceId))
  if (Object.keys(attributes).length > 0 || members?.replace !== undefined) {
    throw new RefusedError(
      refuse('invalid_parameter', {
        field: 'members',
        problem: 'members of admins can be added and removed; nothing else of the group changes.',
      }),
    )
  }
  const { add = [], remove = [] } = members ?? {}
  for (const id of remove) requirePermitted(decideTakeAwayAccess(caller, id))
  for (const id of [...add, ...remove]) {
    if ((await ports.identities.loadIdentity(scope, id)) === undefined)
      throw new RefusedError(
        refuse('invalid_parameter', {
          field: 'members',
          problem: `no user, service principal or group of the workspace has the id ${id}.`,
        }),
      )
  }
  for (const id of add) await ports.workspaces.assign(workspaceId, id, 'ADMIN')
  for (const id of remove) await ports.workspaces.assign(workspaceId, id, 'USER')
}

async function changeMembers(
  store: Pick<IdentityStore, 'changeMembers'>,
  scope: DirectoryScope,
  group: IdentityRecord,
  members: MembershipChange,
): Promise<void> {
  const result = await store.changeMembers(scope, group.id, members)
  if (result === 'changed') return
  const problems = {
    unknown_member: `no user, service principal or group has the id ${result.id}.`,
    circle: `${result.id} contains the group ${group.displayName} itself; groups cannot contain each other.`,
    too_deep: `${result.id} would be nested too deeply; groups nest at most 40 levels deep.`,
  } as const
  throw new RefusedError(refuse('invalid_parameter', { field: 'members', problem: problems[result.problem] }))
}
