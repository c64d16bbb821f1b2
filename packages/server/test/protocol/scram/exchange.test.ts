/** src/protocol/scram against RFC 7677 and against a client written from the RFCs (attacks 8, 34). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginScram, type ScramFailure, type ScramTerms } from '../../../src/protocol/scram/exchange.ts'
import { makeUpScramVerifier, parseScramVerifier } from '../../../src/protocol/scram/verifier.ts'
import { scramClient, scramVerifierOf, type ScramClientOptions } from '../../stage/scram-client.ts'

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const VERIFIER = scramVerifierOf('pencil', SALT, 4096)
const END_POINT = Buffer.alloc(32, 7)

const parsed = (text: string) => {
  const verifier = parseScramVerifier(text)
  if (verifier === undefined) throw new Error(`no verifier: ${text}`)
  return verifier
}
const terms = (change: Partial<ScramTerms> = {}): ScramTerms => ({
  mechanism: 'SCRAM-SHA-256',
  verifier: parsed(VERIFIER),
  endPoint: undefined,
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  ...change,
})
/** How the exchange ends. */
function run(options: ScramClientOptions, change: Partial<ScramTerms> = {}): 'success' | ScramFailure {
  const client = scramClient(options)
  const step = beginScram(client.first, terms(change))
  if (step.outcome === 'failure') return step.failure
  if (step.outcome === 'success') throw new Error('a proof before the challenge')
  const { message, serverSignature } = client.final(step.reply)
  const end = step.finish(message)
  if (end.outcome === 'failure') return end.failure
  expect(end).toMatchObject({ outcome: 'success', reply: Buffer.from(`v=${serverSignature}`) })
  return 'success'
}
const PLUS = { mechanism: 'SCRAM-SHA-256-PLUS', endPoint: END_POINT }
const BOUND = { gs2Header: 'p=tls-server-end-point,,', channelData: END_POINT }

describe('SCRAM-SHA-256', () => {
  it('is that of RFC 7677 §3, byte for byte', () => {
    const step = beginScram(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'), terms())
    if (step.outcome !== 'continue') throw new Error(step.outcome)
    expect(step.reply.toString()).toBe(
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    )
    const final = step.finish(
      Buffer.from(
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      ),
    )
    if (final.outcome !== 'success') throw new Error(final.outcome)
    expect(final.reply.toString()).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  })

  it.each<[string, 'success' | ScramFailure['kind'], ScramClientOptions, Partial<ScramTerms>?]>([
    ['takes the right password', 'success', { password: 'pencil' }],
    ['refuses a wrong one', 'wrong_proof', { password: 'pencil ' }],
    [
      'takes whatever user name is in it, as PostgreSQL does',
      'success',
      { password: 'pencil', userName: '*' },
    ],
    [
      'takes a client that cannot bind, though we could',
      'success',
      { password: 'pencil' },
      { endPoint: END_POINT },
    ],
    ['takes a client that could bind, where we cannot', 'success', { password: 'pencil', gs2Header: 'y,,' }],
    [
      'refuses a client that was made to believe that we cannot (downgrade)',
      'channel_binding',
      { password: 'pencil', gs2Header: 'y,,' },
      { endPoint: END_POINT },
    ],
    ['refuses an authorization identity', 'malformed', { password: 'pencil', gs2Header: 'n,a=admin,' }],
    ['refuses a mandatory extension in front', 'malformed', { password: 'pencil', gs2Header: 'n,,m=x,' }],
    ['refuses a mandatory extension behind', 'malformed', { password: 'pencil', extensions: ',m=x' }],
    ['ignores an optional extension', 'success', { password: 'pencil', extensions: ',x=y' }],
    ['refuses another nonce', 'malformed', { password: 'pencil', finalNonce: 'rOprNGfwEbeRWgbNEkqO' }],
    ['refuses a nonce with a comma', 'malformed', { password: 'pencil', nonce: 'a,b' }],
    ['refuses an empty nonce', 'malformed', { password: 'pencil', nonce: '' }],
    ['refuses binding without the mechanism for it', 'malformed', { password: 'pencil', ...BOUND }],
    ['refuses the mechanism without binding', 'malformed', { password: 'pencil' }, PLUS],
    ['binds to the certificate', 'success', { password: 'pencil', ...BOUND }, PLUS],
    [
      'refuses the hash of another certificate (somebody in between)',
      'channel_binding',
      { password: 'pencil', ...BOUND, channelData: Buffer.alloc(32, 8) },
      PLUS,
    ],
    [
      'refuses another type of binding',
      'malformed',
      { password: 'pencil', ...BOUND, gs2Header: 'p=tls-unique,,' },
      PLUS,
    ],
  ])('%s', (_what, expected, options, change) => {
    const end = run(options, change)
    expect(end === 'success' ? end : end.kind).toBe(expected)
  })

  it('never throws and never succeeds on foreign bytes', () => {
    const anyText = fc.oneof(
      fc.uint8Array({ maxLength: 1024 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(fc.constantFrom('n', 'y', 'p=', ',', 'm=', 'r=', 'a=', 'c=', '=', '\0', 'biws', 'Ag=='))
        .map((parts) => Buffer.from(parts.join(''))),
    )
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom(terms(), terms(PLUS)), (first, final, offered) => {
        const step = beginScram(first, offered)
        const end = step.outcome === 'continue' ? step.finish(final) : step
        expect(end.outcome).toBe('failure')
        const valid = beginScram(scramClient({ password: 'x' }).first, terms())
        if (valid.outcome === 'continue') expect(valid.finish(final).outcome).toBe('failure')
      }),
    )
  })
})

describe('a verifier', () => {
  it('is read as PostgreSQL writes it', () => {
    expect(parsed(VERIFIER)).toMatchObject({ iterations: 4096, salt: SALT })
  })

  it.each([
    'md5f0a0f0a0f0a0f0a0f0a0f0a0f0a0f0a0',
    '',
    VERIFIER.replace('4096', '0'),
    VERIFIER.replace('4096', '99999999999'),
    VERIFIER.replace('4096', '-1'),
    VERIFIER.replace('W22ZaJ0SNY7soEsUEjb6gQ==', ''),
    VERIFIER.replace('W22ZaJ0SNY7soEsUEjb6gQ==', 'W22ZaJ0SNY7soEsUEjb6gQ'),
    VERIFIER.replace('SHA-256', 'SHA-512'),
    VERIFIER.slice(0, -8),
    `${VERIFIER}:x`,
  ])('is not read from %s', (text) => {
    expect(parseScramVerifier(text)).toBeUndefined()
  })

  it('that is made up looks like a real one, is the same every time, and another for everybody (attack 34)', () => {
    const made = makeUpScramVerifier(Buffer.from('secret'), 'nobody')
    expect(made).toMatchObject({ iterations: 4096 })
    expect(made.salt).toHaveLength(SALT.length)
    expect(makeUpScramVerifier(Buffer.from('secret'), 'nobody')).toEqual(made)
    expect(makeUpScramVerifier(Buffer.from('secret'), 'somebody').salt).not.toEqual(made.salt)
    expect(makeUpScramVerifier(Buffer.from('another'), 'nobody').salt).not.toEqual(made.salt)
  })
})
