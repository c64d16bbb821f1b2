/** Ways to spoil bytes: one at a time, in their lengths, at their ends. */
import type { Random } from './random.ts'

/** Lengths that parsers get wrong: nothing, less than a header, one off, signs, the largest. */
const SUSPICIOUS_LENGTHS = [
  0, 1, 3, 4, 5, 7, 8, 9, 0x7f, 0xff, 0x2710, 0xffff, 0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff,
] as const

export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated: Buffer = Buffer.from(bytes)
  for (let count = 1 + random.below(3); count > 0; count -= 1) mutated = mutateOnce(random, mutated)
  return mutated
}

function mutateOnce(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1)
  switch (random.below(8)) {
    case 0: {
      if (at < bytes.length) bytes[at] = random.below(256)
      return bytes
    }
    case 1: {
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      return bytes
    }
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(40)), bytes.subarray(at)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))])
    case 5:
      return withLength(random, bytes, random.pick([0, 1]))
    case 6:
      return Buffer.concat([bytes, bytes.subarray(random.below(bytes.length + 1))])
    default:
      return withLength(random, bytes, at)
  }
}

/** The length of a startup packet stands at its beginning, that of a message behind its type. */
function withLength(random: Random, bytes: Buffer, at: number): Buffer {
  if (bytes.length < at + 4) return bytes
  const isOff = random.chance(0.4)
  const length = isOff ? bytes.readUInt32BE(at) + random.below(9) - 4 : random.pick(SUSPICIOUS_LENGTHS)
  bytes.writeUInt32BE(length >>> 0, at)
  return bytes
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const someCharacter = (random: Random): string => BASE64URL.charAt(random.below(BASE64URL.length))

/** A text that looks like the token and is never the token. */
export function mutateToken(random: Random, token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const at = random.below(token.length)
  const mutated = random.pick<() => string>([
    () => token.slice(0, at),
    () => token.slice(at),
    () => token.slice(0, at) + someCharacter(random) + token.slice(at + 1),
    // The last character of a signature has bits that decode to nothing (RFC 4648 §3.5).
    () => token.slice(0, -1) + someCharacter(random),
    () => `${token}${random.pick(['=', '==', '.', ' ', '\n', 'A', '.A'])}`,
    () => ` ${token}`,
    () => [header, signature, payload].join('.'),
    () => [header, payload, ''].join('.'),
    () => [header, payload].join('.'),
    () => [unsigned(random), payload, random.pick(['', signature])].join('.'),
    () => [header, withClaim(random, payload), signature].join('.'),
    () => token.repeat(1 + random.below(200)) + token,
    () => '.'.repeat(random.below(20_000)),
    () => random.bytes(random.below(300)).toString('latin1'),
    () => '',
  ])()
  return mutated === token ? `${token}A` : mutated
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const unsigned = (random: Random): string =>
  encode({ alg: random.pick(['none', 'None', 'HS256', 'RS256', 'ES384', '']), typ: 'JWT', kid: 'x' })

function withClaim(random: Random, payload: string): string {
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const [name, value] = random.pick<readonly [string, unknown]>([
    ['sub', '1'],
    ['exp', 4_000_000_000],
    ['exp', 1e308],
    ['workspace_id', '0'],
    ['instances', []],
    ['aud', null],
    ['__proto__', { admitted: true }],
  ])
  return encode(Object.fromEntries([...Object.entries(claims ?? {}), [name, value]]))
}
