/** OAuth secrets of service principals: shown once; at most five valid ones, for at most two years (behaviour 67). */
import { isUuid, type IdentityId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { decideManageIdentity, type Caller } from '../../policy/permissions.ts'
import type { NewSecret } from './issue-personal-access-token.ts'
import type { DirectoryScope } from '../../domain/directory.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { SecretStore, StoredSecret } from '../ports/secrets.ts'
import { getIdentity } from '../directory/read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'

const MOST_SECRETS = 5
/** 730 days, in seconds: the default and the maximum. */
const LONGEST_SECRET_LIFETIME_SECONDS = 730 * 24 * 60 * 60

export interface SecretPorts {
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly secrets: SecretStore
  readonly generate: () => NewSecret
  readonly clock: Clock
}

/** @throws RefusedError permission_denied, identity_not_found, invalid_parameter, quota_exceeded */
export async function createServicePrincipalSecret(
  ports: SecretPorts,
  caller: Caller,
  scope: DirectoryScope,
  request: { readonly servicePrincipalId: string; readonly lifetimeSeconds: number | undefined },
): Promise<{ readonly stored: StoredSecret; readonly secret: Redacted<string> }> {
  const servicePrincipalId = await requireManageable(ports, caller, scope, request.servicePrincipalId)
  const lifetime = request.lifetimeSeconds ?? LONGEST_SECRET_LIFETIME_SECONDS
  if (lifetime < 1 || lifetime > LONGEST_SECRET_LIFETIME_SECONDS) {
    throw refused('invalid_parameter', {
      field: 'lifetime',
      problem: `it must be from 1s to ${String(LONGEST_SECRET_LIFETIME_SECONDS)}s (730 days).`,
    })
  }
  const now = ports.clock()
  const { secret, hash } = ports.generate()
  const stored = await ports.secrets.insertSecret({
    servicePrincipalId,
    hash,
    createdAt: now,
    expiresAt: new Date(now.getTime() + lifetime * 1000),
    atMost: MOST_SECRETS,
  })
  if (stored === undefined) {
    throw refused('quota_exceeded', {
      problem: `A service principal has at most ${String(MOST_SECRETS)} OAuth secrets. Delete one that is not used.`,
    })
  }
  return { stored, secret }
}

/** @throws RefusedError permission_denied, identity_not_found */
export async function listServicePrincipalSecrets(
  ports: Pick<SecretPorts, 'identities' | 'secrets'>,
  caller: Caller,
  scope: DirectoryScope,
  servicePrincipalId: string,
): Promise<readonly StoredSecret[]> {
  const id = await requireManageable(ports, caller, scope, servicePrincipalId)
  return ports.secrets.listSecrets(id)
}

/** @throws RefusedError permission_denied, identity_not_found, secret_not_found */
export async function deleteServicePrincipalSecret(
  ports: Pick<SecretPorts, 'identities' | 'secrets'>,
  caller: Caller,
  scope: DirectoryScope,
  request: { readonly servicePrincipalId: string; readonly secretId: string },
): Promise<void> {
  const id = await requireManageable(ports, caller, scope, request.servicePrincipalId)
  const isDeleted = isUuid(request.secretId) && (await ports.secrets.deleteSecret(id, request.secretId))
  if (!isDeleted) throw refused('secret_not_found', { id: request.secretId.slice(0, 64) })
}

async function requireManageable(
  ports: Pick<SecretPorts, 'identities'>,
  caller: Caller,
  scope: DirectoryScope,
  servicePrincipalId: string,
): Promise<IdentityId> {
  const principal = await getIdentity(ports.identities, scope, 'SERVICE_PRINCIPAL', servicePrincipalId)
  requirePermitted(decideManageIdentity(caller, principal))
  return principal.id
}
