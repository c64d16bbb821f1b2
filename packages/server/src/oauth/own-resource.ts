/** Which resource a client may name (RFC 8707): the APIs of this workspace, and nothing else. */
import { errors } from 'oidc-provider'

/**
 * A token that was asked for elsewhere would be good here all the same, and the client would carry it there.
 * @param named one, several, or none; what has no value was not named (RFC 6749 §3.1)
 * @throws errors.InvalidTarget
 */
export function requireOwnResource(named: unknown, own: string): void {
  const all: readonly unknown[] = Array.isArray(named) ? named : [named]
  const isForeign = all.some((resource) => resource !== undefined && resource !== '' && resource !== own)
  if (isForeign) throw new errors.InvalidTarget(`the only resource here is ${own}`)
}
