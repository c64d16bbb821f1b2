/** Danger: reads a token that has not been verified. Use only to choose the configured keys to verify it with. */
import { decodeJwt } from 'jose'

export function readIssuerWithoutVerification(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    // Not a JSON Web Token at all; no policy will match.
    return undefined
  }
}
