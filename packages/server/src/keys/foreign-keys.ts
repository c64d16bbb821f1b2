/**
 * The keys of external identity providers, fetched from addresses that an administrator configured and never from one
 * in a token (attack 36). Every fetch is limited in time and size, follows no redirect, and reaches only public
 * addresses over TLS, unless the operator allows the private network.
 */
import { lookup as resolve } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose'
import { Fault } from '../domain/fault.ts'
import type { FederationPolicy } from '../domain/federation-policy.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { ForeignTokenVerifier } from '../operations/ports/federation.ts'

const TIMEOUT_MS = 5_000
const LARGEST_ANSWER = 64 * 1024
/** Providers rarely rotate keys; keys are fetched again after this time, and for an unknown key sooner. */
const FRESH_MS = 5 * 60_000
const UNKNOWN_KEY_REFRESH_MS = 30_000
/** Anyone can send a token that causes a fetch; after a failure a provider is not asked again for this long. */
const FAILURE_MS = 10_000
const ALGORITHMS = ['RS256', 'ES256']

/** RFC 6890 and similar registries: everything that is not the public internet. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  // IPv4 addresses inside IPv6 ones, in all forms: compatible, translated, 6to4, Teredo.
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6')

export function isPrivateAddress(address: string): boolean {
  // An IPv4-mapped IPv6 address is checked as IPv4.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return PRIVATE.check(mapped, 'ipv4')
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

export interface ForeignKeySettings {
  /** Also allows plain HTTP and private addresses. */
  readonly allowPrivate: boolean
}

export function createForeignTokenVerifier(clock: Clock, settings: ForeignKeySettings): ForeignTokenVerifier {
  const known = new Map<string, { readonly keys: JSONWebKeySet; readonly loadedAt: number }>()
  const failed = new Map<string, { readonly fault: Fault; readonly at: number }>()
  const loading = new Map<string, Promise<JSONWebKeySet>>()

  const ask = async ({ issuer, jwksUri }: FederationPolicy, source: string): Promise<JSONWebKeySet> => {
    const now = clock().getTime()
    try {
      const keys = requireKeys(await fetchJson(jwksUri ?? (await discover(issuer, settings)), settings))
      known.set(source, { keys, loadedAt: now })
      failed.delete(source)
      return keys
    } catch (error) {
      if (error instanceof Fault) failed.set(source, { fault: error, at: now })
      throw error
    }
  }
  const load = async (policy: FederationPolicy, maxAgeMs: number): Promise<JSONWebKeySet> => {
    if (policy.jwksJson !== undefined) return requireKeys(policy.jwksJson)
    // The same URL may be an issuer in one policy and the address of keys in another; these are different sources.
    const source = policy.jwksUri === undefined ? `issuer ${policy.issuer}` : `keys ${policy.jwksUri}`
    const cached = known.get(source)
    const now = clock().getTime()
    if (cached !== undefined && Math.abs(now - cached.loadedAt) < maxAgeMs) return cached.keys
    const failure = failed.get(source)
    if (failure !== undefined && Math.abs(now - failure.at) < FAILURE_MS) throw failure.fault
    const underWay = loading.get(source)
    if (underWay !== undefined) return underWay
    const asking = ask(policy, source).finally(() => loading.delete(source))
    loading.set(source, asking)
    return asking
  }

  const verifyWith = async (token: string, keys: JSONWebKeySet) => {
    const { payload } = await compactVerify(token, createLocalJWKSet(keys), { algorithms: ALGORITHMS })
    return payload
  }

  return {
    async verify(token, policy) {
      try {
        let payload: Uint8Array
        try {
          payload = await verifyWith(token, await load(policy, FRESH_MS))
        } catch (error) {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
          payload = await verifyWith(token, await load(policy, UNKNOWN_KEY_REFRESH_MS))
        }
        const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
        return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
          ? (claims as Record<string, unknown>)
          : undefined
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
          return undefined
        throw error
      }
    },
  }
}

async function discover(issuer: string, settings: ForeignKeySettings): Promise<string> {
  const metadata = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, settings)
  // OpenID Connect Discovery §4.3: a provider that reports another issuer is not the one that was configured.
  if (metadata['issuer'] !== issuer || typeof metadata['jwks_uri'] !== 'string')
    throw unreachable(issuer, 'its discovery document names another issuer, or no keys')
  return metadata['jwks_uri']
}

function requireKeys(value: Readonly<Record<string, unknown>>): JSONWebKeySet {
  if (!Array.isArray(value['keys'])) throw unreachable('the identity provider', 'it published no keys')
  return { keys: value['keys'] as JSONWebKeySet['keys'] }
}

/** @throws Fault identity_provider_unreachable */
async function fetchJson(
  address: string,
  { allowPrivate }: ForeignKeySettings,
): Promise<Readonly<Record<string, unknown>>> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')))
    throw unreachable(address, 'its address must begin with https')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) !== 0 && isPrivateAddress(host))
    throw unreachable(address, 'its address is not a public one')
  try {
    return await readJson(url, allowPrivate)
  } catch (error) {
    if (error instanceof Fault) throw error
    throw unreachable(address, error instanceof Error ? error.message : String(error))
  }
}

async function readJson(url: URL, allowPrivate: boolean): Promise<Readonly<Record<string, unknown>>> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const response = await new Promise<IncomingMessage>((succeed, fail) => {
    const request = send(url, {
      headers: { accept: 'application/json' },
      lookup: allowPrivate ? undefined : publicOnly,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    request.on('response', succeed)
    request.on('error', fail)
    request.end()
  })
  // A redirect is refused like any status but 200: its target was not configured.
  if (response.statusCode !== 200) {
    response.destroy()
    throw new Error(`it answered with status ${String(response.statusCode)}`)
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_ANSWER) throw new Error('its answer is too large')
    chunks.push(chunk)
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error('its answer is no JSON object')
  return value as Readonly<Record<string, unknown>>
}

/**
 * Filters the addresses in the lookup of the connection itself, so that the name cannot resolve to another address
 * after the check.
 */
const publicOnly: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '')
      return
    }
    const allowed = addresses.filter(({ address }) => !isPrivateAddress(address))
    const [first] = allowed
    if (first === undefined) {
      callback(new Error(`${hostname} has no public address`), '')
      return
    }
    if (options.all === true) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}

const unreachable = (source: string, problem: string): Fault =>
  new Fault({
    code: 'identity_provider_unreachable',
    origin: 'configuration',
    message: `The keys of ${source} cannot be fetched: ${problem}.`,
    nextStep: 'Check issuer and jwks_uri of the federation policy.',
  })
