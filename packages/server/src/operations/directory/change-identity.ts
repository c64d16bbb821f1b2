/** Changes an identity. Its id stays the same, and so does every role that is bound to it (behaviours 40, 49). */
import type { DirectoryScope, IdentityChange, IdentityRecord } from '../../domain/directory.ts'
import type { WorkspaceId } from '../../domain/ids.ts'
import {
  decideManageAccount,
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  type Caller,
} from '../../policy/permissions.ts'
import { conflictError } from './directory-conflict.ts'
import { requireNames } from './identity-names.ts'
import type { DirectoryChange, IdentityStore } from '../ports/identities.ts'
import { identityNotFound, parseTarget, type TargetText } from './read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import { requireVersion } from './require-version.ts'

export interface ChangeIdentityRequest extends TargetText {
  /** The version that the caller has read (If-Match); undefined: any version. */
  readonly expectedVersion: string | undefined
  /** Computes the change from the present state. */
  readonly change: (current: IdentityRecord) => WantedChange
}

/** Attributes and members. */
export type WantedChange = Pick<DirectoryChange, 'attributes' | 'members'>

/**
 * Every decision is made on the identity as it is at the moment of the change; the change is made completely or not at
 * all.
 * @throws RefusedError permission_denied, identity_not_found, identity_already_exists, identity_name_looks_taken,
 *   version_conflict, invalid_parameter
 */
export async function changeIdentity(
  ports: { readonly identities: Pick<IdentityStore, 'changeIdentity'> },
  caller: Caller,
  scope: DirectoryScope,
  request: ChangeIdentityRequest,
): Promise<IdentityRecord> {
  const target = parseTarget(request)
  let name = ''
  const changed = await ports.identities.changeIdentity(scope, target, (current) => {
    const decided = decideChange(caller, scope, request, current)
    name = decided.attributes.name ?? current.name
    return decided
  })
  if (changed === undefined) throw identityNotFound(request.type, request.id)
  if ('conflict' in changed) throw conflictError(changed, { type: request.type, name })
  return changed
}

function decideChange(
  caller: Caller,
  { workspaceId }: DirectoryScope,
  request: ChangeIdentityRequest,
  current: IdentityRecord,
): DirectoryChange {
  if (current.systemGroup === 'admins' && workspaceId !== undefined) {
    requirePermitted(decideManageWorkspace(caller, workspaceId))
    requireVersion(current, request.expectedVersion)
    return decideAdministrators(caller, workspaceId, request.change(current))
  }
  requirePermitted(decideManageIdentity(caller, current))
  requireVersion(current, request.expectedVersion)
  const { attributes, members } = request.change(current)
  requireMayChange(caller, current, attributes)
  return { attributes: requireNames(current.type, attributes, current), members }
}

function requireMayChange(caller: Caller, current: IdentityRecord, change: IdentityChange): void {
  const isDemoted = change.isAccountAdmin === false && current.isAccountAdmin
  if (change.active === false || isDemoted) requirePermitted(decideTakeAwayAccess(caller, current.id))
  if (change.isAccountAdmin !== undefined && change.isAccountAdmin !== current.isAccountAdmin)
    requirePermitted(decideManageAccount(caller))
}

/** Members of `admins` are stored as assignments; so changes of the group by clients (terraform) become assignments. */
function decideAdministrators(
  caller: Caller,
  workspaceId: WorkspaceId,
  { attributes, members }: WantedChange,
): DirectoryChange {
  if (
    Object.keys(attributes).length > 0 ||
    members?.replace !== undefined ||
    // It is not known here whom it would remove, and callers must not take away their own access.
    members?.removeWhere !== undefined
  ) {
    throw refused('invalid_parameter', {
      field: 'members',
      problem:
        'members of admins can be added and removed by their ids; nothing else of the group can be changed.',
    })
  }
  const { add = [], remove = [] } = members ?? {}
  for (const id of remove) requirePermitted(decideTakeAwayAccess(caller, id))
  return {
    attributes: {},
    members: undefined,
    administrators: { workspaceId, change: { add, remove } },
  }
}
