import { decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { signCompact } from '../../src/tokens/sign-compact.ts'

it('a token that is signed at once is good for jose, word for word, and only with its own key', async () => {
  const own = await generateKeyPair('ES256')
  const other = await generateKeyPair('ES256')
  const claims = { sub: '100000000000007', iss: 'http://127.0.0.1:8470/oidc', instances: ['ü', '"', '世界'] }
  // Often enough for an r or an s with leading zeros, which must not be cut.
  for (let count = 0; count < 600; count += 1) {
    const token = signCompact({ typ: 'database-credential+jwt', kid: 'k' }, claims, own.privateKey)
    const { payload } = await jwtVerify(token, own.publicKey, { algorithms: ['ES256'] })
    expect(payload).toEqual(claims)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'database-credential+jwt', kid: 'k' })
  }
  const token = signCompact({ typ: 'database-credential+jwt', kid: 'k' }, claims, other.privateKey)
  await expect(jwtVerify(token, own.publicKey)).rejects.toThrow('signature verification failed')
})
