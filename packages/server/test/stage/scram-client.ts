/**
 * The client's side of SCRAM-SHA-256, written from RFC 5802 and RFC 7677 and not from src/protocol/scram. What a test
 * wants wrong, it gives.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

export interface ScramClientOptions {
  readonly password: string
  /** With its comma, e.g. `n,,` or `p=tls-server-end-point,,`. */
  readonly gs2Header?: string
  readonly channelData?: Buffer
  readonly nonce?: string
  readonly userName?: string
  /** In the place of the nonce that client and server made together. */
  readonly finalNonce?: string
  /** Behind nonce or channel binding, e.g. `,m=x`. */
  readonly extensions?: string
}

export function scramClient(options: ScramClientOptions) {
  const { gs2Header = 'n,,', channelData = Buffer.alloc(0), nonce = 'rOprNGfwEbeRWgbNEkqO' } = options
  const bare = `n=${options.userName ?? ''},r=${nonce}`
  return {
    first: Buffer.from(gs2Header + bare),
    final(serverFirst: Buffer): { readonly message: Buffer; readonly serverSignature: string } {
      const fields = new Map(
        serverFirst
          .toString()
          .split(',')
          .map((part) => [part.slice(0, 1), part.slice(2)] as const),
      )
      const salted = pbkdf2Sync(
        options.password,
        Buffer.from(fields.get('s') ?? '', 'base64'),
        Number(fields.get('i')),
        32,
        'sha256',
      )
      const binding = Buffer.concat([Buffer.from(gs2Header), channelData]).toString('base64')
      const withoutProof = `c=${binding},r=${options.finalNonce ?? fields.get('r') ?? ''}${options.extensions ?? ''}`
      const signed = `${bare},${serverFirst.toString()},${withoutProof}`
      const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
      const clientKey = hmac(salted, 'Client Key')
      const signature = hmac(createHash('sha256').update(clientKey).digest(), signed)
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
      return {
        message: Buffer.from(`${withoutProof},p=${proof.toString('base64')}`),
        serverSignature: hmac(hmac(salted, 'Server Key'), signed).toString('base64'),
      }
    },
  }
}

/** As PostgreSQL stores it. */
export function scramVerifierOf(password: string, salt: Buffer, iterations: number): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${String(iterations)}:${salt.toString('base64')}$${storedKey}:${key('Server Key').toString('base64')}`
}
