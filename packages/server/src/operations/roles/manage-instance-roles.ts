/**
 * Roles of a database instance through REST (behaviours 58, 61). What a role may do inside PostgreSQL is decided by
 * PostgreSQL.
 */
import { logicalReplicationEnabled, type DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity, IdentityType } from '../../domain/identity.ts'
import {
  decideCreateRole,
  decideManageInstance,
  decideSeeInstance,
  type Caller,
} from '../../policy/permissions.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { requireDisplayName } from '../directory/identity-names.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Directory } from '../ports/directory.ts'
import type { InstanceRole, InstanceRoleAdministration, RoleChange } from '../ports/instance-roles.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface InstanceRolePorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly roles: InstanceRoleAdministration
  readonly directory: Pick<Directory, 'findAssignedByName'>
  readonly audit: AuditLog
}

/** A role of `PG_ONLY` is bound to no identity. */
export type RoleIdentityType = IdentityType | 'PG_ONLY'

/** PostgreSQL's NAMEDATALEN - 1. */
const LONGEST_ROLE_NAME_BYTES = 63
const DEFAULT_PAGE = 100
const LARGEST_PAGE = 1000

/** @throws RefusedError instance_not_found, instance_state_conflict, permission_denied */
export async function listInstanceRoles(
  ports: InstanceRolePorts,
  caller: Caller,
  request: {
    readonly instance: string
    readonly after: string | undefined
    readonly size: number | undefined
  },
): Promise<{ readonly roles: readonly InstanceRole[]; readonly next: string | undefined }> {
  const { instance } = await requireVisible(ports, caller, request.instance)
  const size = Math.min(Math.max(request.size ?? DEFAULT_PAGE, 1), LARGEST_PAGE)
  const roles = await ports.roles.listRoles(instance, { after: request.after, size })
  return { roles, next: roles.length === size ? roles.at(-1)?.name : undefined }
}

/** @throws RefusedError instance_role_not_found, … */
export async function getInstanceRole(
  ports: InstanceRolePorts,
  caller: Caller,
  request: { readonly instance: string; readonly role: string },
): Promise<InstanceRole> {
  const { instance } = await requireVisible(ports, caller, request.instance)
  const role = await ports.roles.loadRole(instance, request.role)
  if (role === undefined) throw notFound(instance, request.role)
  return role
}

/** @throws RefusedError identity_not_found, instance_role_already_exists, permission_denied, invalid_parameter, … */
export async function createInstanceRole(
  ports: InstanceRolePorts,
  caller: Caller,
  request: {
    readonly instance: string
    readonly name: string
    readonly type: RoleIdentityType
    readonly change: RoleChange
  },
): Promise<InstanceRole> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.instance })
  const granted = await loadGrantedPermission(ports.store, caller, instance)
  const identity = await findIdentity(ports, caller, request)
  const { attributes, isDatabricksSuperuser = false } = request.change
  requirePermitted(
    decideCreateRole(caller, instance, granted, {
      identityId: identity?.id,
      isPlain: !isDatabricksSuperuser && Object.values(attributes).every((value) => !value),
    }),
  )
  // The name as the directory spells it, which is the name that the identity logs in with.
  const name = identity?.name ?? request.name
  requireRoleName(name)
  // These rules are not for a name from the directory, which may be older than they are.
  if (identity === undefined) requireDisplayName(name, 'name')
  requireAvailable(instance)
  requireReplicationFor(instance, attributes, attributes)
  const created = await ports.roles.createRole(instance, {
    name,
    binding: identity === undefined ? undefined : { id: identity.id, type: identity.type },
    attributes,
    isDatabricksSuperuser,
  })
  if (created === 'name_taken') {
    throw refused('instance_role_already_exists', { role: name.slice(0, 256), name: instance.name })
  }
  recordRoleChange(ports, caller, instance, name)
  return created
}

/** @throws RefusedError instance_role_not_found, permission_denied, … */
export async function updateInstanceRole(
  ports: InstanceRolePorts,
  caller: Caller,
  request: {
    readonly instance: string
    readonly role: string
    /** Only compared with the present binding; a role is bound once. */
    readonly type: RoleIdentityType | undefined
    readonly change: RoleChange
  },
): Promise<InstanceRole> {
  const instance = await requireManaged(ports, caller, request.instance)
  const current = await ports.roles.loadRole(instance, request.role)
  if (current === undefined) throw notFound(instance, request.role)
  if (request.type !== undefined && request.type !== (current.binding?.type ?? 'PG_ONLY')) {
    throw refused('invalid_parameter', {
      field: 'identity_type',
      problem: 'a role stays bound to what it was made for; drop it and create it again.',
    })
  }
  const { attributes } = request.change
  requireReplicationFor(instance, attributes, { ...current.attributes, ...attributes })
  const updated = await ports.roles.updateRole(instance, request.role, request.change)
  if (updated === undefined) throw notFound(instance, request.role)
  recordRoleChange(ports, caller, instance, request.role)
  return updated
}

/** @throws RefusedError instance_role_not_found unless `allowMissing`, instance_role_in_use, permission_denied, … */
export async function deleteInstanceRole(
  ports: InstanceRolePorts,
  caller: Caller,
  request: {
    readonly instance: string
    readonly role: string
    readonly allowMissing: boolean
    readonly reassignOwnedTo: string | undefined
  },
): Promise<void> {
  const instance = await requireManaged(ports, caller, request.instance)
  // REASSIGN OWNED to the role itself moves nothing, and its objects would then be dropped with it.
  if (request.reassignOwnedTo === request.role) {
    throw refused('invalid_parameter', {
      field: 'reassign_owned_to',
      problem: 'name another role than the one that is dropped.',
    })
  }
  const result = await ports.roles.dropRole(instance, request.role, {
    reassignOwnedTo: request.reassignOwnedTo,
  })
  if (result === 'not_found') {
    if (request.allowMissing) return
    throw notFound(instance, request.role)
  }
  if (result === 'heir_not_found') throw notFound(instance, request.reassignOwnedTo ?? '')
  if (result !== 'dropped') {
    throw refused('instance_role_in_use', {
      role: request.role.slice(0, 256),
      problem: result.inUse.slice(0, 500).replace(/\.?$/, '.'),
    })
  }
  recordRoleChange(ports, caller, instance, request.role)
}

async function findIdentity(
  { directory }: InstanceRolePorts,
  caller: Caller,
  { type, name }: { readonly type: RoleIdentityType; readonly name: string },
): Promise<Identity | undefined> {
  if (type === 'PG_ONLY') return undefined
  const identity = await directory.findAssignedByName(caller.workspaceId, type, name)
  if (identity === undefined) throw refused('identity_not_found', { type, name: name.slice(0, 256) })
  return identity
}

/**
 * Only managers may grant REPLICATION (`decideCreateRole`), and nobody else may pass it on: a role with both
 * REPLICATION and CREATEROLE could grant it to others in SQL.
 */
function requireReplicationFor(
  { backend, settings }: DatabaseInstance,
  change: RoleChange['attributes'],
  result: RoleChange['attributes'],
): void {
  const problem =
    change.replication === true && backend.kind === 'attached'
      ? 'is granted by the operator of the attached cluster.'
      : change.replication === true && !logicalReplicationEnabled(settings)
        ? 'needs an instance with enable_logical_replication.'
        : result.replication === true && result.createrole === true
          ? 'cannot be combined with createrole, because the role could then grant it to others; create a separate role for it.'
          : undefined
  if (problem !== undefined) throw refused('invalid_parameter', { field: 'attributes.replication', problem })
}

function requireRoleName(name: string): void {
  const problem =
    name === ''
      ? 'is missing.'
      : new TextEncoder().encode(name).length > LONGEST_ROLE_NAME_BYTES
        ? `it is longer than the ${String(LONGEST_ROLE_NAME_BYTES)} bytes of a role name.`
        : /^(pg|databricks)_/.test(name) || name === 'cloud_admin'
          ? 'names that begin with pg_ or databricks_ are reserved.'
          : // PostgreSQL has no name with a zero character in it.
            name.includes('\u0000')
            ? 'it holds a zero character.'
            : undefined
  if (problem !== undefined) throw refused('invalid_parameter', { field: 'name', problem })
}

async function requireVisible(ports: InstanceRolePorts, caller: Caller, name: string) {
  const instance = await getDatabaseInstance(ports, caller, { name: name })
  requirePermitted(
    decideSeeInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  requireAvailable(instance)
  return { instance }
}

async function requireManaged(
  ports: InstanceRolePorts,
  caller: Caller,
  name: string,
): Promise<DatabaseInstance> {
  const instance = await getDatabaseInstance(ports, caller, { name: name })
  requirePermitted(
    decideManageInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  requireAvailable(instance)
  return instance
}

export function requireAvailable(
  instance: DatabaseInstance,
  problem = 'its roles can be seen and changed only when it is AVAILABLE.',
): void {
  if (instance.state === 'AVAILABLE') return
  throw refused('instance_state_conflict', {
    name: instance.name,
    state: instance.state,
    problem,
  })
}

export function recordRoleChange(
  { audit }: InstanceRolePorts,
  caller: Caller,
  instance: DatabaseInstance,
  role: string,
): void {
  audit.record({
    event: 'change_role',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    instanceUid: instance.uid,
    instanceName: instance.name,
    role: role.slice(0, 256),
  })
}

const notFound = (instance: DatabaseInstance, role: string): RefusedError =>
  refused('instance_role_not_found', { role: role.slice(0, 256), name: instance.name })
