/**
 * Checks the secret of a service principal: an unknown or deactivated principal and a wrong secret give the same answer
 * in the same time.
 */
import { isUuid } from '../../domain/ids.ts'
import type { Principal } from '../../domain/identity.ts'
import { hashSecret, matchesAnySecret } from '../../tokens/secret.ts'
import type { Clock } from '../ports/clock.ts'
import type { SecretStore } from '../ports/secrets.ts'

/** Compared with when there is no principal, so that guessing an id takes as long as guessing a secret. */
const HASHES_OF_NO_CLIENT = [hashSecret('nobody')]

/** @returns the principal, or undefined when the id and secret do not match */
export async function verifyClientSecret(
  ports: { readonly secrets: Pick<SecretStore, 'loadClient'>; readonly clock: Clock },
  applicationId: string,
  secret: string,
): Promise<Principal | undefined> {
  const normalised = applicationId.toLowerCase()
  const client = isUuid(normalised) ? await ports.secrets.loadClient(normalised, ports.clock()) : undefined
  const matches = matchesAnySecret(secret, client?.hashes ?? HASHES_OF_NO_CLIENT)
  return matches ? client?.principal : undefined
}
