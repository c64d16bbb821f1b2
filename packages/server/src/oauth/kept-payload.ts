/**
 * The stored form of a record's payload: it contains nothing that grants access (attack 38). The library writes ids
 * into other records than their own; here they are replaced by hashes, or by a placeholder that is filled in again when
 * a request brings the id.
 */
import type { AdapterPayload } from 'oidc-provider'

/** Turns an id, or a handle for one, into its hash, and a hash into a handle. */
export interface Handles {
  readonly hashOf: (id: string) => Uint8Array
  readonly handleOf: (hash: Uint8Array) => string
}

/** Placeholder for the id of the record inside other texts. */
const OWN_ID = '{id}'

export function toKeptPayload(
  id: string,
  payload: AdapterPayload,
  { hashOf }: Handles,
): Readonly<Record<string, unknown>> {
  const { jti: _opens, userCode: _entered, returnTo, deviceCode, session, ...rest } = payload
  return {
    ...rest,
    ...(returnTo === undefined ? {} : { returnTo: returnTo.replaceAll(id, OWN_ID) }),
    ...(typeof deviceCode === 'string'
      ? { deviceCode: Buffer.from(hashOf(deviceCode)).toString('hex') }
      : {}),
    // Its `cookie` is the id of the browser's session; nothing reads it.
    ...(session === undefined ? {} : { session: { ...session, cookie: undefined } }),
  }
}

export function fromKeptPayload(
  id: string,
  kept: Readonly<Record<string, unknown>>,
  { handleOf }: Handles,
): AdapterPayload {
  const { returnTo, deviceCode } = kept
  return {
    ...kept,
    jti: id,
    ...(typeof returnTo === 'string' ? { returnTo: returnTo.replaceAll(OWN_ID, id) } : {}),
    ...(typeof deviceCode === 'string' ? { deviceCode: handleOf(Buffer.from(deviceCode, 'hex')) } : {}),
  }
}
