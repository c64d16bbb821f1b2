/**
 * What the fuzzer says to the listener: a login as it should be, spoiled in its order, its bytes, its parameters or
 * its proof. Says of each whether there is a proof in it at all.
 */
import {
  cancelRequest,
  cstring,
  gssEncryptionRequest,
  int32,
  passwordMessage,
  PROTOCOL_3_0,
  PROTOCOL_3_2,
  queryMessage,
  sslRequest,
  startupMessage,
  terminateMessage,
  typed,
  untyped,
} from '../stage/byte-builder.ts'
import { mutateBytes, mutateToken } from './mutate.ts'
import type { Random } from './random.ts'

export type Step =
  /** In so many writes, at most one for each byte. */
  | { readonly kind: 'send'; readonly bytes: Buffer; readonly pieces: number }
  | { readonly kind: 'start_tls' }
  /** Below TLS, where only its records belong. */
  | { readonly kind: 'send_below_tls'; readonly bytes: Buffer }
  /** Until the server says something or closes. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'leave'; readonly how: 'end' | 'reset' }

export interface Conversation {
  readonly steps: readonly Step[]
  /** Whether a genuine credential is part of it. Without one, nobody may be admitted. */
  readonly hasProof: boolean
}

/** Whom the credential is for, and whom it is not for. */
export interface FuzzedLogin {
  readonly user: string
  readonly database: string
  readonly token: string
  readonly otherRoles: readonly [string, ...string[]]
}

const send = (bytes: Buffer, pieces = 1): Step => ({ kind: 'send', bytes, pieces })
const LISTEN: Step = { kind: 'listen' }

export function composeConversation(random: Random, login: FuzzedLogin): Conversation {
  const isGenuine = random.chance(0.3)
  const password = Buffer.from(isGenuine ? login.token : mutateToken(random, login.token), 'utf8')
  const steps: Step[] = [
    ...(random.chance(0.1) ? [send(gssEncryptionRequest()), LISTEN] : []),
    ...(random.chance(0.9) ? [send(sslRequest()), LISTEN] : []),
    ...(random.chance(0.9) ? [{ kind: 'start_tls' as const }] : []),
    send(composeStartup(random, login), piecesOf(random)),
    LISTEN,
    send(composeAnswer(random, password), piecesOf(random)),
    LISTEN,
    send(queryMessage('SELECT 1')),
    ...(random.chance(0.5) ? [send(terminateMessage())] : []),
  ]
  const spoilt = spoil(random, steps)
  // Spoiling may mend: what was cut off behind the token leaves the token.
  const sent = Buffer.concat(spoilt.map((step) => (step.kind === 'send' ? step.bytes : Buffer.alloc(0))))
  return { steps: spoilt, hasProof: sent.includes(login.token) }
}

/** One byte a time finds every parser that hopes for whole messages. */
const piecesOf = (random: Random): number => (random.chance(0.8) ? 1 : 1 + random.below(400))

function composeStartup(random: Random, { user, database, otherRoles }: FuzzedLogin): Buffer {
  const someText = () => Buffer.from(random.bytes(random.below(30)).filter((byte) => byte !== 0))
  const parameter = (): readonly [string | Buffer, string | Buffer] =>
    random.pick<() => readonly [string | Buffer, string | Buffer]>([
      () => ['options', `-c search_path=${'x'.repeat(random.below(3000))}`],
      () => ['options', '-c session_authorization=postgres'],
      () => ['replication', random.pick(['true', 'database', '0', 'maybe'])],
      () => ['databricks_auth.session', 'x'],
      () => ['databricks_auth.claims', '{}'],
      () => ['role', random.pick(otherRoles)],
      () => ['session_authorization', random.pick(otherRoles)],
      () => ['client_encoding', random.pick(['UTF8', 'SQL_ASCII', 'nonsense'])],
      () => ['user', random.pick(otherRoles)],
      () => ['_pq_.anything', 'x'],
      () => ['user\u0000user', user],
      () => [someText(), someText()],
    ])()
  const parameters = Array.from({ length: random.below(5) }, parameter)
  const name = random.chance(0.75) ? user : random.pick(otherRoles)
  const own: readonly (readonly [string | Buffer, string | Buffer])[] = [
    ['user', name],
    ['database', random.chance(0.9) ? database : someText()],
  ]
  const version = random.chance(0.9)
    ? random.pick([PROTOCOL_3_0, PROTOCOL_3_2])
    : random.pick([0, 0x0002_0000, 0x0003_ffff, 0x0004_0000, 0xffff_ffff])
  return startupMessage(random.chance(0.5) ? [...own, ...parameters] : [...parameters, ...own], version)
}

/** Mostly the password; else what SASL clients say, or messages that are none of this state. */
function composeAnswer(random: Random, password: Buffer): Buffer {
  if (random.chance(0.75)) return passwordMessage(password)
  const initial = Buffer.concat([Buffer.from('n,,'), random.bytes(random.below(60))])
  return random.pick([
    () => typed('p', password),
    () => typed('p', Buffer.concat([cstring(password), cstring(password)])),
    () =>
      typed(
        'p',
        Buffer.concat([
          cstring(random.pick(['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'OAUTHBEARER', 'PLAIN', ''])),
          int32(random.chance(0.8) ? initial.length : random.below(2 ** 31)),
          initial,
        ]),
      ),
    () =>
      typed(
        'p',
        Buffer.concat([
          cstring('OAUTHBEARER'),
          int32(password.length + 20),
          Buffer.from('n,,\u0001auth=Bearer '),
          password,
          Buffer.of(1, 1),
        ]),
      ),
    () => typed('p', Buffer.from('c=biws,r=x,p=AAAA')),
    () => queryMessage("SET SESSION AUTHORIZATION 'postgres'"),
    () => typed(random.pick(['B', 'P', 'E', 'S', 'X', 'd', 'F', 'R', '\0']), random.bytes(random.below(50))),
    () => Buffer.concat([passwordMessage(password), queryMessage('SELECT 1'), terminateMessage()]),
    () => random.bytes(1 + random.below(2000)),
  ])()
}

/** Leaves out, repeats, exchanges, joins, spoils and breaks off. */
function spoil(random: Random, steps: Step[]): readonly Step[] {
  for (let count = random.below(3); count > 0; count -= 1) {
    const at = random.below(steps.length)
    const step = steps[at]
    const other = random.below(steps.length)
    switch (random.below(9)) {
      case 0:
        steps.splice(at, 1)
        break
      case 1:
        if (step !== undefined) steps.splice(other, 0, step)
        break
      case 2: {
        const exchanged = steps[other]
        if (step !== undefined && exchanged !== undefined) {
          steps[at] = exchanged
          steps[other] = step
        }
        break
      }
      case 3:
      case 4:
        if (step?.kind === 'send') steps[at] = { ...step, bytes: mutateBytes(random, step.bytes) }
        break
      case 5:
        steps.splice(at, 0, { kind: 'send_below_tls', bytes: tlsGarbage(random) })
        break
      case 6:
        steps.splice(at, steps.length - at, { kind: 'leave', how: random.pick(['end', 'reset']) })
        break
      case 7:
        // Nobody waits for anybody: everything comes in one go, across the TLS boundary too (attacks 1–5).
        return steps.filter(({ kind }) => kind !== 'listen')
      default:
        steps.splice(at, 0, send(surprise(random)))
    }
    if (steps.length === 0) break
  }
  return steps
}

const surprise = (random: Random): Buffer =>
  random.pick([
    sslRequest,
    gssEncryptionRequest,
    () => cancelRequest(random.below(2 ** 31), random.bytes(random.pick([4, 32, 0, 300]))),
    () => untyped(random.bytes(random.below(20)), random.below(2 ** 32)),
    () => random.bytes(random.below(64)),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    () => Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n'),
    () => Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), random.bytes(random.below(40))]),
  ])()

/** Something like a record of TLS: handshake, alert, data, early data, or of no type that there is. */
function tlsGarbage(random: Random): Buffer {
  const body = random.bytes(random.below(200))
  const header = Buffer.of(random.pick([0x14, 0x15, 0x16, 0x17, 0x18, 0x80, 0]), 3, random.below(5), 0, 0)
  header.writeUInt16BE(random.chance(0.8) ? body.length : random.below(65_536), 3)
  return Buffer.concat([header, body])
}
