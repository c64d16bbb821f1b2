/** Attacks 16–19, 22: forged tokens, each wrong in one way, against src/tokens/verify.ts. */
import { createHmac, generateKeyPairSync, sign as signRaw, webcrypto } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { exportJWK, generateKeyPair } from 'jose'
import type { InstanceUid, WorkspaceId } from '../../src/domain/ids.ts'
import { verifyLoginToken, verifyWorkspaceToken, type VerificationContext } from '../../src/tokens/verify.ts'
import { rememberTokens } from '../../src/tokens/remembered-tokens.ts'

const ISSUER = 'http://127.0.0.1:8470/oidc'
const WORKSPACE = '1000000000000001' as WorkspaceId
const INSTANCE = '0b3ee2f6-5b5b-4b55-9d69-6d3b7a3f0a11' as InstanceUid
const NOW = new Date('2026-11-24T12:00:00Z')
const now = NOW.getTime() / 1000

let privateKey: webcrypto.CryptoKey
let publicKey: webcrypto.CryptoKey
let context: VerificationContext
const asked: string[] = []

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = pair.privateKey
  publicKey = pair.publicKey
  context = {
    issuerOf: () => Promise.resolve(ISSUER),
    now: NOW,
    keys: {
      verificationKey: (kid) => {
        asked.push(kid)
        return Promise.resolve(kid === 'current' ? publicKey : undefined)
      },
    },
  }
})

const HEADER = { alg: 'ES256', kid: 'current', typ: 'database-credential+jwt' }
const CLAIMS = {
  iss: ISSUER,
  sub: '100000000000007',
  aud: `urn:lakegate:database:${WORKSPACE}`,
  jti: 'a token id',
  iat: now,
  exp: now + 3600,
  workspace_id: WORKSPACE,
  scope: 'postgres',
  instances: [INSTANCE],
}
const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Built by hand, so that nothing of a library stands between a test and its forgery. */
async function forge(
  changes: { header?: object; claims?: object; headerText?: string; claimsText?: string } = {},
): Promise<string> {
  const header = encode(changes.headerText ?? { ...HEADER, ...changes.header })
  const claims = encode(changes.claimsText ?? { ...CLAIMS, ...changes.claims })
  const signature = await webcrypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    Buffer.from(`${header}.${claims}`),
  )
  return `${header}.${claims}.${Buffer.from(signature).toString('base64url')}`
}
const verify = async (token: string) => verifyLoginToken(token, context)
const rejection = async (token: string) => {
  const verified = await verify(token)
  return 'rejected' in verified ? verified.rejected : 'accepted'
}

describe('a token', () => {
  it('that is genuine says who it is for, where, and until when', async () => {
    await expect(verify(await forge())).resolves.toEqual({
      kind: 'database_credential',
      tokenId: 'a token id',
      identityId: '100000000000007',
      workspaceId: WORKSPACE,
      scopes: ['postgres'],
      instances: [INSTANCE],
      expiresAt: new Date('2026-11-24T13:00:00Z'),
    })
  })

  it.each(['none', 'None', 'NONE', 'ES384', 'RS256', 'HS256', '', 7, null])(
    'with algorithm %j is refused (attack 16)',
    async (alg) => {
      await expect(rejection(await forge({ header: { alg } }))).resolves.toBe('not_decodable')
    },
  )

  it('with algorithm none and no signature is refused (attack 16)', async () => {
    for (const alg of ['none', 'None', 'nOnE']) {
      const token = `${encode({ ...HEADER, alg })}.${encode(CLAIMS)}.`
      await expect(rejection(token)).resolves.toBe('not_decodable')
    }
  })

  it('signed with the public key as an HMAC secret is refused (attack 16)', async () => {
    const jwk = JSON.stringify(await exportJWK(publicKey))
    const der = Buffer.from(await webcrypto.subtle.exportKey('spki', publicKey))
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`
    for (const secret of [jwk, der, pem, ` ${pem}`]) {
      const input = `${encode({ ...HEADER, alg: 'HS256' })}.${encode(CLAIMS)}`
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
      await expect(rejection(token)).resolves.toBe('not_decodable')
    }
  })

  it('signed with a key of somebody else is refused', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const input = `${encode(HEADER)}.${encode(CLAIMS)}`
    const signature = signRaw('sha256', Buffer.from(input), {
      key: stranger.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    await expect(rejection(`${input}.${signature.toString('base64url')}`)).resolves.toBe('not_decodable')
  })

  it.each(['unknown', '../../etc/passwd', "' OR 1=1 --", 7, null, { a: 1 }])(
    'with the key id %j is refused (attack 17)',
    async (kid) => {
      await expect(rejection(await forge({ header: { kid } }))).resolves.toBe('not_decodable')
    },
  )

  it('with a huge key id is refused without looking for it (attack 17)', async () => {
    asked.length = 0
    await expect(rejection(await forge({ header: { kid: 'x'.repeat(1000) } }))).resolves.toBe('not_decodable')
    expect(asked).toEqual([])
  })

  it.each([
    ['jku', 'https://evil.example/keys'],
    ['jwk', { kty: 'EC' }],
    ['x5u', 'https://evil.example/cert'],
    ['x5c', ['MIIB']],
    ['crit', ['exp']],
    ['b64', false],
    ['zip', 'DEF'],
  ])('with the header %s is refused (attacks 17, 22)', async (name, value) => {
    await expect(rejection(await forge({ header: { [name]: value } }))).resolves.toBe('not_decodable')
  })

  it.each([
    ['one second before its expiry', now - 3599, now + 1, 'accepted'],
    ['at its expiry', now - 3600, now, 'expired'],
    ['after its expiry', now - 3601, now - 1, 'expired'],
    ['that was issued a little ahead of our clock', now + 5, now + 60, 'accepted'],
    ['that was issued too far ahead of our clock', now + 6, now + 60, 'not_yet_valid'],
    ['that lives longer than an hour', now, now + 3601, 'not_decodable'],
  ])('%s is judged by the clock (attack 18)', async (_case, iat, exp, expected) => {
    await expect(rejection(await forge({ claims: { iat, exp } }))).resolves.toBe(expected)
  })

  it('that is not valid before some later time says when (attack 18)', async () => {
    await expect(verify(await forge({ claims: { nbf: now + 60 } }))).resolves.toEqual({
      rejected: 'not_yet_valid',
      notBefore: new Date((now + 60) * 1000),
    })
  })

  it.each([
    ['without exp', { exp: undefined }],
    ['with exp as text', { exp: String(now + 60) }],
    ['with a fraction in exp', { exp: now + 60.5 }],
    ['with exp as 1e308', { exp: 1e308 }],
    ['with a negative exp', { exp: -1 }],
    ['with a list in exp', { exp: [now + 60] }],
    ['with exp as null', { exp: null }],
    ['with a fraction in iat', { iat: now + 0.5 }],
    ['with iat as text', { iat: String(now) }],
    ['without iat', { iat: undefined }],
    ['with nbf as text', { nbf: String(now) }],
    ['of another issuer', { iss: `${ISSUER}/` }],
    ['with a list of issuers', { iss: [ISSUER] }],
  ])('%s is refused (attacks 18, 19)', async (_case, claims) => {
    await expect(rejection(await forge({ claims }))).resolves.toBe('not_decodable')
  })

  it('with exp beyond every number is refused (attack 18)', async () => {
    const claimsText = JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e400')
    await expect(rejection(await forge({ claimsText }))).resolves.toBe('not_decodable')
  })

  it.each([
    ['of the type of an ID token', { header: { typ: 'JWT' } }],
    ['of the type of a session ticket', { header: { typ: 'session-ticket+jwt' } }],
    ['of the type of a workspace token with the audience of a credential', { header: { typ: 'at+jwt' } }],
    ['with the audience of the client', { claims: { aud: 'databricks-cli' } }],
    ['with several audiences', { claims: { aud: [CLAIMS.aud] } }],
    ['whose audience names another workspace than it does', { claims: { workspace_id: '4711' } }],
    ['with a numeric subject', { claims: { sub: 100000000000007 } }],
    ['with a name as the subject', { claims: { sub: 'ada@example.com' } }],
    ['without a token id', { claims: { jti: undefined } }],
    ['with a list of scopes', { claims: { scope: ['postgres'] } }],
    ['with an instance that is no uid', { claims: { instances: ['dev'] } }],
    ['with instances that are no list', { claims: { instances: '*' } }],
  ])('%s is of the wrong kind (attack 19)', async (_case, changes) => {
    await expect(rejection(await forge(changes))).resolves.toBe('wrong_kind')
  })

  it('for a database is no bearer of the REST API (attack 19)', async () => {
    await expect(verifyWorkspaceToken(await forge(), WORKSPACE, context)).resolves.toEqual({
      rejected: 'wrong_kind',
    })
  })

  it('of another workspace is no bearer of this one’s REST API (attack 20)', async () => {
    const token = await forge({
      header: { typ: 'at+jwt' },
      claims: { aud: 'urn:lakegate:workspace:4711', workspace_id: '4711' },
    })
    await expect(verifyWorkspaceToken(token, WORKSPACE, context)).resolves.toEqual({ rejected: 'wrong_kind' })
  })

  it('that is a personal access token is recognised by its look', async () => {
    await expect(rejection(`dapi${'0'.repeat(40)}`)).resolves.toBe('personal_access_token')
  })

  it.each([
    ['of zeros (CVE-2022-21449)', () => Buffer.alloc(64)],
    ['of nothing', () => Buffer.alloc(0)],
    ['that is short', (signature: Buffer) => signature.subarray(0, 63)],
    ['with a byte behind it', (signature: Buffer) => Buffer.concat([signature, Buffer.of(0)])],
    [
      'in DER',
      (signature: Buffer) =>
        Buffer.concat([
          Buffer.from([0x30, 0x44, 2, 32]),
          signature.subarray(0, 32),
          Buffer.from([2, 32]),
          signature.subarray(32),
        ]),
    ],
  ])('with a signature %s is refused (attack 22)', async (_case, change) => {
    const [header, claims, signature] = (await forge()).split('.')
    const changed = change(Buffer.from(signature ?? '', 'base64url')).toString('base64url')
    await expect(rejection(`${header ?? ''}.${claims ?? ''}.${changed}`)).resolves.toBe('not_decodable')
  })

  it('with the other of the two ECDSA signatures of its key says what it said, no more (attack 22)', async () => {
    // s and n - s verify alike. JOSE knows no "low s", so both are taken: nothing goes by the text of a token.
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const token = await forge()
    const [header = '', claims = '', signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([
      bytes.subarray(0, 32),
      Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'),
    ])
    const changed = `${header}.${claims}.${twin.toString('base64url')}`
    expect(changed).not.toBe(token)
    await expect(verify(changed)).resolves.toEqual(await verify(token))
  })

  it('is written in one way: bits that base64url leaves over are zero (attack 22, RFC 4648 §3.5)', async () => {
    const token = await forge()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 64 bytes leave 4 bits over in the last character.
    const last = alphabet.indexOf(token.slice(-1))
    for (const bits of [1, 2, 4, 8, 15]) {
      const twin = `${token.slice(0, -1)}${alphabet.charAt(last | bits)}`
      await expect(rejection(twin), `the bits ${String(bits)}`).resolves.toBe('not_decodable')
    }
  })

  it.each([
    ['padded', (token: string) => `${token}=`],
    ['with a blank behind it', (token: string) => `${token} `],
    ['with a line feed behind it', (token: string) => `${token}\n`],
    ['with a line feed inside', (token: string) => token.replace('.', '.\n')],
    ['in the other alphabet', (token: string) => token.replaceAll('.', '+.')],
    ['with a fourth part', (token: string) => `${token}.AAAA`],
    ['with five parts, as JWE has', (token: string) => `${token}.AAAA.AAAA`],
    ['with only two parts', (token: string) => token.split('.').slice(0, 2).join('.')],
    ['of a megabyte', (token: string) => token + 'A'.repeat(1_000_000)],
    ['of a hundred thousand dots', () => '.'.repeat(100_000)],
    ['that is empty', () => ''],
  ])('%s is refused (attack 22)', async (_case, change) => {
    await expect(rejection(change(await forge()))).resolves.toBe('not_decodable')
  })

  it.each([
    ['a list', '[]'],
    ['text', '"claims"'],
    ['null', 'null'],
    ['no JSON', '{'],
  ])('whose claims are %s is refused (attack 22)', async (_what, claimsText) => {
    await expect(rejection(await forge({ claimsText }))).resolves.toBe('not_decodable')
  })

  it('whose claims come twice means the last ones, for every reader, because only we sign (attack 22)', async () => {
    const claimsText = JSON.stringify(CLAIMS).replace('{', '{"sub":"1",')
    await expect(verify(await forge({ claimsText }))).resolves.toMatchObject({ identityId: CLAIMS.sub })
  })

  it('with any single character changed is refused', async () => {
    const token = await forge()
    const characters = token.split('')
    for (let index = 0; index < characters.length; index += 7) {
      const changed = characters.with(index, characters[index] === 'A' ? 'B' : 'A').join('')
      expect(await rejection(changed), `character ${String(index)}`).not.toBe('accepted')
    }
  })
})

describe('a remembered token', () => {
  it('is verified once, is forgotten at its expiry, and is found by the whole of it only (attack 24)', async () => {
    let count = 0
    const remembered = rememberTokens(async (token, at) => {
      count += 1
      return verifyLoginToken(token, { ...context, now: at })
    }, 10)
    const token = await forge()
    await remembered(token, NOW)
    await expect(remembered(token, NOW)).resolves.toMatchObject({ tokenId: 'a token id' })
    expect(count).toBe(1)
    const other = await forge({ claims: { sub: '100000000000008', jti: 'another token id' } })
    const [head, body] = other.split('.')
    const lookalikes = [
      `${token}A`,
      token.slice(0, -1),
      token.toLowerCase(),
      `${token}\u0000`,
      ` ${token}`,
      // The signature of the one under the claims of the other.
      `${head ?? ''}.${body ?? ''}.${token.split('.')[2] ?? ''}`,
    ]
    for (const similar of lookalikes) {
      await expect(remembered(similar, NOW)).resolves.toHaveProperty('rejected')
    }
    await expect(remembered(other, NOW)).resolves.toMatchObject({ identityId: '100000000000008' })
    await expect(remembered(token, NOW)).resolves.toMatchObject({ identityId: '100000000000007' })
    await expect(remembered(token, new Date('2026-11-24T13:00:00Z'))).resolves.toMatchObject({
      rejected: 'expired',
    })
  })

  it('makes room by forgetting the one that is remembered longest, and is judged anew then (attack 24)', async () => {
    const asked: string[] = []
    const remembered = rememberTokens(async (token, at) => {
      asked.push(token)
      return verifyLoginToken(token, { ...context, now: at })
    }, 2)
    const [one, two, three] = [await forge(), await forge(), await forge()]
    for (const token of [one, two, three, three, two, one]) await remembered(token, NOW)
    expect(asked).toEqual([one, two, three, one])
  })

  it('is never a rejected one, which might become valid with a key that is not known yet', async () => {
    let count = 0
    const remembered = rememberTokens(async (token, at) => {
      count += 1
      return verifyLoginToken(token, { ...context, now: at })
    }, 10)
    await remembered('garbage', NOW)
    await remembered('garbage', NOW)
    expect(count).toBe(2)
  })
})
