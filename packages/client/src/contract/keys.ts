/** REST types of Lakegate's own path for the signing keys. */

export interface SigningKeyRotationAnswer {
  /** Id of the new key, as in the published set (RFC 7517 §4.5). */
  kid: string
  signs_from: string
  former_keys_verify_until: string
}
