/** Creates a service principal and assigns it to the workspace of the caller. */
import { decideManageServicePrincipals, type Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import type { AccountId } from '../domain/ids.ts'
import type { ServicePrincipal, ServicePrincipalStore } from './ports.ts'
import { RefusedError, requirePermitted } from './refused-error.ts'

export interface NewServicePrincipal {
  /** Lower-case UUID; made by the server when the caller names none. */
  readonly applicationId: string | undefined
  readonly displayName: string
  readonly active: boolean
  readonly externalId: string | undefined
}

/** @throws RefusedError permission_denied, identity_already_exists */
export async function createServicePrincipal(
  ports: {
    readonly store: Pick<ServicePrincipalStore, 'createServicePrincipal'>
    readonly accountId: AccountId
    readonly randomUuid: () => string
  },
  caller: Caller,
  request: NewServicePrincipal,
): Promise<ServicePrincipal> {
  requirePermitted(decideManageServicePrincipals(caller))
  const applicationId = request.applicationId ?? ports.randomUuid()
  const created = await ports.store.createServicePrincipal({
    accountId: ports.accountId,
    workspaceId: caller.workspaceId,
    applicationId,
    displayName: request.displayName,
    active: request.active,
    externalId: request.externalId,
  })
  if (created === undefined) {
    throw new RefusedError(
      refuse('identity_already_exists', { type: 'SERVICE_PRINCIPAL', name: applicationId }),
    )
  }
  return created
}
