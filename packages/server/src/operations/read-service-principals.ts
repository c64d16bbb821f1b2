/** Reads and removes the service principals of the caller's workspace. */
import { parseIdentityId, type IdentityId } from '../domain/ids.ts'
import { decideManageServicePrincipals, type Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import type { ServicePrincipal, ServicePrincipalStore } from './ports.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

/**
 * Reading needs no right beyond being in the workspace.
 * @param id as it came in; anything that is not an id is simply not found
 * @throws RefusedError identity_not_found
 */
export async function getServicePrincipal(
  store: Pick<ServicePrincipalStore, 'loadServicePrincipal'>,
  caller: Caller,
  id: string,
): Promise<ServicePrincipal> {
  const identityId = parseIdentityId(id)
  const found =
    identityId === undefined ? undefined : await store.loadServicePrincipal(caller.workspaceId, identityId)
  if (found === undefined) throw notFound(id)
  return found
}

/** The principal that the caller is about to change. @throws RefusedError permission_denied, identity_not_found */
export async function requireManageableServicePrincipal(
  store: Pick<ServicePrincipalStore, 'loadServicePrincipal'>,
  caller: Caller,
  id: string,
): Promise<IdentityId> {
  requirePermitted(decideManageServicePrincipals(caller))
  return (await getServicePrincipal(store, caller, id)).id
}

/** Its secrets, tokens and memberships go with it; its minted tokens are refused from now on. */
export async function deleteServicePrincipal(
  store: Pick<ServicePrincipalStore, 'deleteServicePrincipal' | 'loadServicePrincipal'>,
  caller: Caller,
  id: string,
): Promise<void> {
  const identityId = await requireManageableServicePrincipal(store, caller, id)
  if (!(await store.deleteServicePrincipal(caller.workspaceId, identityId))) throw notFound(id)
}

const notFound = (id: string): RefusedError =>
  new RefusedError(refuse('identity_not_found', { type: 'SERVICE_PRINCIPAL', name: id.slice(0, 64) }))
