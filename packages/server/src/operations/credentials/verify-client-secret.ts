/** Whether a secret opens a service principal: unknown, deactivated and wrong look the same and cost the same. */
import { isUuid } from '../../domain/ids.ts'
import type { Principal } from '../../domain/identity.ts'
import { hashSecret, matchesAnySecret } from '../../tokens/secret.ts'
import type { Clock } from '../ports/clock.ts'
import type { SecretStore } from '../ports/secrets.ts'

/** Compared with when there is no principal, so that a guess at an id takes as long as one at a secret. */
const NOBODYS_HASHES = [hashSecret('nobody')]

/** @returns the principal, or undefined when the pair proves nothing */
export async function verifyClientSecret(
  ports: { readonly secrets: Pick<SecretStore, 'loadClient'>; readonly clock: Clock },
  applicationId: string,
  secret: string,
): Promise<Principal | undefined> {
  const normalised = applicationId.toLowerCase()
  const client = isUuid(normalised) ? await ports.secrets.loadClient(normalised, ports.clock()) : undefined
  const matches = matchesAnySecret(secret, client?.hashes ?? NOBODYS_HASHES)
  return matches ? client?.principal : undefined
}
