/** Which resource a client may name (RFC 8707): the APIs of this workspace, and nothing else. */
import { errors } from 'oidc-provider'

/**
 * Refuses any other resource: the token would be valid here all the same, and the client would send it to that other
 * place.
 * @param named one, several, or none; an empty value counts as not named (RFC 6749 §3.1)
 * @throws errors.InvalidTarget
 */
export function requireOwnResource(named: unknown, own: string): void {
  const all: readonly unknown[] = Array.isArray(named) ? named : [named]
  const isForeign = all.some((resource) => resource !== undefined && resource !== '' && resource !== own)
  if (isForeign) throw new errors.InvalidTarget(`the only resource here is ${own}`)
}
