/** REST types of Lakegate's own path for the signing keys. */

/** The new key, and when it begins to sign. */
export interface SigningKeyRotationAnswer {
  /** Id of the new key, as in the published set (RFC 7517 §4.5). */
  kid: string
  /** @format date-time */
  signs_from: string
  /** @format date-time */
  former_keys_verify_until: string
}
