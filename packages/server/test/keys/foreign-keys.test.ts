/** What is fetched when keys of outside providers are needed, from where, and how much of it (attack 36). */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FederationPolicy } from '../../src/domain/federation-policy.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { createForeignTokenVerifier, isPrivateAddress } from '../../src/keys/foreign-keys.ts'

describe('an address', () => {
  it.each([
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
    ],
    ...['0.0.0.0', '100.64.0.1', '224.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.0.1'],
    ...[
      '::',
      '::1',
      'fe80::1',
      'fc00::1',
      'fdff::1',
      'ff02::1',
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
      '64:ff9b::a00:1',
      '::ffff:7f00:1',
      '::ffff:a00:1',
      '::7f00:1',
      '64:ff9b:1::7f00:1',
      '2002:7f00:1::',
      '2001:0:a00:1::1',
      'fec0::1',
      '100::1',
    ],
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true)
  })

  it.each([
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::1',
    '::ffff:8.8.8.8',
  ])('%s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false)
  })
})

let privateKey: CryptoKey
let jwks: string
beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = pair.privateKey
  jwks = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' }] })
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
/** A provider on this machine, and what was asked of it. */
async function provider(answer: RequestListener) {
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(request.url ?? '')
    answer(request, response)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return { origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, visits }
}

const NOW = new Date('2026-11-24T12:00:00Z')
const policy = (issuer: string, jwksUri?: string): FederationPolicy => ({
  uid: '0b3ee2f6-5b5b-4b55-9d69-6d3b7a3f0a11',
  accountId: '2f5db537-e058-406e-b458-6e5434f39ea2' as AccountId,
  servicePrincipalId: undefined,
  policyId: 'p',
  description: '',
  issuer,
  audiences: [],
  subject: undefined,
  subjectClaim: 'sub',
  jwksUri,
  jwksJson: undefined,
  createdAt: NOW,
  updatedAt: NOW,
})
const token = (issuer: string, kid = 'k') =>
  new SignJWT({ iss: issuer, sub: 's' }).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)

describe('the keys of a provider', () => {
  const verifier = (now = () => NOW) => createForeignTokenVerifier(now, { allowPrivate: true })
  const unreachable = { code: 'identity_provider_unreachable' }

  it('are found by its discovery document, and asked for once by however many at once', async () => {
    const { origin, visits } = await provider((request, response) => {
      if (request.url === '/keys') response.end(jwks)
      else response.end(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` }))
    })
    const verify = verifier().verify
    const signed = await token(origin)
    const results = await Promise.all(Array.from({ length: 10 }, () => verify(signed, policy(origin))))
    for (const claims of results) expect(claims).toMatchObject({ sub: 's' })
    expect(visits).toEqual(['/.well-known/openid-configuration', '/keys'])
  })

  it('are not fetched from where a redirect leads', async () => {
    const inner = await provider((_request, response) => response.end(jwks))
    for (const status of [301, 302, 303, 307, 308]) {
      const { origin } = await provider((_request, response) =>
        response.writeHead(status, { location: `${inner.origin}/keys` }).end(),
      )
      const asked = verifier().verify(await token(origin), policy(origin, `${origin}/keys`))
      await expect(asked).rejects.toMatchObject(unreachable)
    }
    expect(inner.visits).toEqual([])
  })

  it('are not those of another issuer than the one that was configured', async () => {
    const { origin, visits } = await provider((_request, response) =>
      response.end(JSON.stringify({ issuer: 'https://evil.example.com', jwks_uri: `${origin}/keys` })),
    )
    await expect(verifier().verify(await token(origin), policy(origin))).rejects.toMatchObject(unreachable)
    expect(visits).toEqual(['/.well-known/openid-configuration'])
  })

  it.each([
    ['larger than 64 KiB', jwks + ' '.repeat(70_000)],
    ['without an end', undefined],
    ['no JSON', '<html>'],
    ['no object', '[]'],
    ['no keys', '{}'],
  ])('are not read from an answer that is %s', async (_what, body) => {
    const { origin } = await provider((_request, response) => {
      if (body !== undefined) {
        response.end(body)
        return
      }
      const write = () => {
        if (!response.destroyed) response.write(' '.repeat(4096), write)
      }
      write()
    })
    await expect(
      verifier().verify(await token(origin), policy(origin, `${origin}/keys`)),
    ).rejects.toMatchObject(unreachable)
  })

  it('are given up when the provider does not go on', async () => {
    const { origin } = await provider((_request, response) => {
      response.write('{')
    })
    await expect(
      verifier().verify(await token(origin), policy(origin, `${origin}/keys`)),
    ).rejects.toMatchObject(unreachable)
  })

  it('are asked for no more often than is useful, whatever strangers send', async () => {
    let now = NOW
    const later = (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1000)
    }
    let answer = jwks
    const { origin, visits } = await provider((_request, response) =>
      answer === '' ? response.writeHead(500).end() : response.end(answer),
    )
    const { verify } = createForeignTokenVerifier(() => now, { allowPrivate: true })
    const ask = async (kid?: string) => verify(await token(origin, kid), policy(origin, `${origin}/keys`))
    await ask()
    for (let count = 0; count < 5; count += 1) expect(await ask(`unknown ${String(count)}`)).toBeUndefined()
    expect(visits).toHaveLength(1)
    later(31)
    expect(await ask('unknown')).toBeUndefined()
    expect(visits).toHaveLength(2)
    answer = ''
    later(301)
    for (let count = 0; count < 5; count += 1) await expect(ask()).rejects.toMatchObject(unreachable)
    expect(visits).toHaveLength(3)
    later(11)
    answer = jwks
    expect(await ask()).toMatchObject({ sub: 's' })
  })

  it('are asked for again although the clock was set back since it failed', async () => {
    let now = NOW
    let answer = ''
    const { origin } = await provider((_request, response) =>
      answer === '' ? response.writeHead(500).end() : response.end(answer),
    )
    const { verify } = createForeignTokenVerifier(() => now, { allowPrivate: true })
    const ask = async () => verify(await token(origin), policy(origin, `${origin}/keys`))
    await expect(ask()).rejects.toMatchObject(unreachable)
    answer = jwks
    now = new Date(now.getTime() - 600_000)
    await expect(ask()).resolves.toBeDefined()
  })

  it('of one policy are not those of another that names the same address otherwise', async () => {
    const { origin, visits } = await provider((request, response) => {
      if (request.url === '/') response.end('{"keys":[]}')
      else if (request.url === '/keys') response.end(jwks)
      else response.end(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` }))
    })
    const { verify } = verifier()
    expect(await verify(await token(origin), policy(origin, origin))).toBeUndefined()
    expect(await verify(await token(origin), policy(origin))).toMatchObject({ sub: 's' })
    expect(visits).toContain('/keys')
  })
})

describe('without the operator’s word', () => {
  it.each([
    'http://example.com',
    'https://127.0.0.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://0177.0.0.1',
    'https://127.1',
    'https://localhost',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::127.0.0.1]',
    'https://10.0.0.1',
    'https://169.254.169.254',
    'ftp://example.com',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
  ])('nothing is fetched from %s', async (origin) => {
    const { verify } = createForeignTokenVerifier(() => NOW, { allowPrivate: false })
    const issuer = 'https://issuer.example.com'
    await expect(verify(await token(issuer), policy(issuer, origin))).rejects.toMatchObject({
      code: 'identity_provider_unreachable',
      message: expect.stringMatching(/not a public one|no public address|begin with https/) as string,
    })
  })
})
