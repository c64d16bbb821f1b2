/** Danger: reads a token that nobody has verified. Only to choose which configured keys to verify it with. */
import { decodeJwt } from 'jose'

export function readIssuerWithoutVerification(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    // Not a JSON Web Token at all; no policy will match.
    return undefined
  }
}
