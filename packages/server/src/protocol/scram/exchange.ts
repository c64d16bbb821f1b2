/**
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677, RFC 5929): messages in, messages out,
 * no I/O. Accepts the same messages as PostgreSQL's auth-scram.c. The costly key derivation is done by the client, so
 * nothing here is slow. Messages are handled as latin1, one character per byte, because they are signed as bytes.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64 } from './base64.ts'
import { SCRAM_KEY_BYTES, type ScramVerifier } from './verifier.ts'

export const SCRAM_SHA_256 = 'SCRAM-SHA-256'
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS'

/** RFC 5929 §4: the only channel binding that PostgreSQL and its clients support. */
const CHANNEL_BINDING_TYPE = 'tls-server-end-point'

export type ScramStep =
  | {
      readonly outcome: 'continue'
      /** server-first-message */
      readonly reply: Buffer
      /** Takes the client-final-message; call once. */
      readonly finish: (message: Buffer) => ScramStep
    }
  /** The proof matches the password. `reply` is the server-final-message. */
  | { readonly outcome: 'success'; readonly reply: Buffer }
  | { readonly outcome: 'failure'; readonly failure: ScramFailure }

export type ScramFailure =
  | { readonly kind: 'wrong_proof' }
  /** There may be a man in the middle, or the client was led to believe that we do not support channel binding. */
  | { readonly kind: 'channel_binding'; readonly problem: string }
  | { readonly kind: 'malformed'; readonly problem: string }

export interface ScramTerms {
  readonly mechanism: string
  readonly verifier: ScramVerifier
  /** Hash of the certificate that the client sees; undefined when SCRAM-SHA-256-PLUS was not offered. */
  readonly endPoint: Buffer | undefined
  /** Printable ASCII without comma, unguessable (RFC 5802 §5.1 `r`). */
  readonly serverNonce: string
}

/** Reads the client-first-message. */
export function beginScram(message: Buffer, terms: ScramTerms): ScramStep {
  const first = readClientFirst(message.toString('latin1'), terms)
  if ('failure' in first) return { outcome: 'failure', failure: first.failure }
  const { iterations, salt } = terms.verifier
  const nonce = first.nonce + terms.serverNonce
  const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${String(iterations)}`
  return {
    outcome: 'continue',
    reply: Buffer.from(serverFirst, 'latin1'),
    finish: (final) => finishScram(final.toString('latin1'), { ...first, nonce, serverFirst }, terms),
  }
}

interface ClientFirst {
  /** Including its last comma; the client signs it in `c=`, before the channel binding data. */
  readonly gs2Header: string
  readonly bare: string
  readonly nonce: string
}

/**
 * gs2-cbind-flag "," [authzid] "," username "," nonce ["," extensions]. The username is ignored, as in PostgreSQL: the
 * role is that of the startup message.
 */
const CLIENT_FIRST = /^((n|y|p=([A-Za-z0-9.-]+)),([^,]*),)((m=)?.*)$/s
const CLIENT_FIRST_BARE = /^n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)((?:,[A-Za-z]=[^,]+)*)$/

function readClientFirst(text: string, terms: ScramTerms): ClientFirst | { readonly failure: ScramFailure } {
  const header = CLIENT_FIRST.exec(text)
  if (header === null || text.includes('\0')) return malformed('the client-first-message')
  const [, gs2Header = '', flag = '', bindingType, authorizationId = '', bare = '', extension] = header
  const problem = judgeBindingFlag(flag, bindingType, terms)
  if (problem !== undefined) return { failure: problem }
  if (authorizationId !== '') return malformed('an authorization identity, which is not supported')
  if (extension !== undefined) return malformed('a mandatory extension that is not known')
  const [, , nonce, extensions = ''] = CLIENT_FIRST_BARE.exec(bare) ?? []
  if (nonce === undefined) return malformed('the client-first-message')
  if (extensions.includes(',m=')) return malformed('a mandatory extension that is not known')
  return { gs2Header, bare, nonce }
}

/** RFC 5802 §6: the flag must match what was offered and what was chosen. */
function judgeBindingFlag(
  flag: string,
  bindingType: string | undefined,
  { mechanism, endPoint }: ScramTerms,
): ScramFailure | undefined {
  const isPlus = mechanism === SCRAM_SHA_256_PLUS
  if (isPlus !== (bindingType !== undefined))
    return { kind: 'malformed', problem: `${mechanism} with the channel binding flag "${flag}"` }
  if (bindingType !== undefined && bindingType !== CHANNEL_BINDING_TYPE)
    return { kind: 'malformed', problem: `the channel binding type "${bindingType}", which is not supported` }
  // `y` means: the client supports channel binding and believes that the server does not. We offered it, so someone in
  // between has removed it from our list.
  if (flag === 'y' && endPoint !== undefined) {
    return {
      kind: 'channel_binding',
      problem: 'The client supports channel binding but thinks that the server does not.',
    }
  }
  return undefined
}

/** channel-binding "," nonce ["," extensions] "," proof */
const CLIENT_FINAL = /^(c=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)((?:,[A-Za-z]=[^,]+)*)),p=([A-Za-z0-9+/]+=*)$/

function finishScram(
  text: string,
  first: ClientFirst & { readonly serverFirst: string },
  terms: ScramTerms,
): ScramStep {
  const parts = CLIENT_FINAL.exec(text)
  const [, withoutProof = '', binding = '', nonce = '', extensions = '', proofText = ''] = parts ?? []
  const proof = decodeBase64(proofText)
  if (parts === null || proof?.length !== SCRAM_KEY_BYTES)
    return { outcome: 'failure', ...malformed('the client-final-message') }
  if (extensions.includes(',m='))
    return { outcome: 'failure', ...malformed('a mandatory extension that is not known') }
  if (nonce !== first.nonce) return { outcome: 'failure', ...malformed('a nonce that does not match') }
  if (!isBoundTo(binding, first.gs2Header, terms)) {
    const failure: ScramFailure = {
      kind: 'channel_binding',
      problem: 'What the client bound its proof to is not this connection.',
    }
    return { outcome: 'failure', failure }
  }
  const signed = Buffer.from(`${first.bare},${first.serverFirst},${withoutProof}`, 'latin1')
  const { storedKey, serverKey } = terms.verifier
  // Computed whether or not the proof is right, so that both outcomes take the same time (attack 34).
  const reply = Buffer.from(`v=${hmac(serverKey, signed).toString('base64')}`, 'latin1')
  return isProofOf(proof, storedKey, signed)
    ? { outcome: 'success', reply }
    : { outcome: 'failure', failure: { kind: 'wrong_proof' } }
}

/** `c=` contains the gs2-header and, for SCRAM-SHA-256-PLUS, the hash of the certificate after it. */
function isBoundTo(binding: string, gs2Header: string, { mechanism, endPoint }: ScramTerms): boolean {
  const header = Buffer.from(gs2Header, 'latin1')
  if (mechanism !== SCRAM_SHA_256_PLUS) return binding === header.toString('base64')
  return endPoint !== undefined && binding === Buffer.concat([header, endPoint]).toString('base64')
}

/** RFC 5802 §3: ClientProof := ClientKey XOR HMAC(StoredKey, AuthMessage), and H(ClientKey) = StoredKey. */
function isProofOf(proof: Buffer, storedKey: Buffer, signed: Buffer): boolean {
  const signature = hmac(storedKey, signed)
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)))
  return timingSafeEqual(createHash('sha256').update(clientKey).digest(), storedKey)
}

const hmac = (key: Buffer, message: Buffer): Buffer => createHmac('sha256', key).update(message).digest()

const malformed = (problem: string): { readonly failure: ScramFailure } => ({
  failure: { kind: 'malformed', problem },
})
