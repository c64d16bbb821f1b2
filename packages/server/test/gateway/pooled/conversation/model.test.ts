/**
 * Whoever speaks through a Conversation, with a backend that is emptied or replaced whenever it is free, reads what it would
 * read of a backend of its own. Random conversations with a PostgreSQL in memory (postgres-model.ts), whose messages and
 * answers overlap at random; the same with real ones: `npm run pooled-model`.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  longestRequest,
  prefixOfRequest,
  readClientMessage,
} from '../../../../src/gateway/pooled/conversation/client-message.ts'
import { Conversation } from '../../../../src/gateway/pooled/conversation/conversation.ts'
import { Leftovers } from '../../../../src/gateway/pooled/conversation/leftovers.ts'
import type { RequestVerdict } from '../../../../src/gateway/pooled/conversation/verdict.ts'
import { FieldCursor } from '../../../../src/protocol/frame.ts'
import { MessageScanner } from '../../../../src/protocol/message-scanner.ts'
import {
  bindMessage,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describePortal,
  describeStatement,
  executeMessage,
  flushMessage,
  parseMessage,
  queryMessage,
  syncMessage,
} from '../../../stage/byte-builder.ts'
import { CHANGING_ROWS, PostgresModel, type Answer } from './postgres-model.ts'

/**
 * What happens next, where anything may: the client's next message is judged, the backend reads one, one answer is judged, or
 * everything that was sent is answered.
 */
type Step = 'client' | 'backend' | 'answer' | 'settle'
/** What becomes of a backend that the session does not need. */
type Move = 'keep' | 'ask' | 'empty'

interface Message {
  readonly shown: string
  readonly bytes: Buffer
}

const message = (shown: string, bytes: Buffer): Message => ({ shown, bytes })

const SYNC = message('Sync', syncMessage())
const TEXTS = [
  'SELECT 1',
  'SELECT 1',
  'SELECT fails()',
  'SELEC',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'DEALLOCATE a',
  'DEALLOCATE ALL',
  'ALTER TABLE t ADD a integer',
  '',
]
const name = fc.constantFrom('', 'a', 'b')
const text = fc.constantFrom(...TEXTS)
const parse = fc
  .tuple(name, fc.oneof(text, fc.constant(CHANGING_ROWS)))
  // Rows of an unnamed statement are not compared: who prepares one uses it at once.
  .map(([to, sql]) => [to, to === '' && sql === CHANGING_ROWS ? 'SELECT 1' : sql] as const)
  .map(([to, sql]) => message(`Parse ${to}: ${sql}`, parseMessage(to, sql)))
const bind = fc
  .tuple(name, name)
  .map(([statement, portal]) => message(`Bind ${portal} of ${statement}`, bindMessage(statement, [], portal)))
const oneMessage = fc.oneof(
  { arbitrary: parse, weight: 4 },
  { arbitrary: bind, weight: 4 },
  {
    arbitrary: name.map((portal) => message(`Execute ${portal}`, executeMessage(portal))),
    weight: 4,
  },
  { arbitrary: fc.constant(SYNC), weight: 4 },
  {
    arbitrary: fc
      .oneof(text, fc.constantFrom(CHANGING_ROWS, 'DISCARD ALL'))
      .map((sql) => message(`Query ${sql}`, queryMessage(sql))),
    weight: 3,
  },
  name.map((statement) => message(`Describe statement ${statement}`, describeStatement(statement))),
  name.map((portal) => message(`Describe portal ${portal}`, describePortal(portal))),
  name.map((statement) => message(`Close statement ${statement}`, closeStatement(statement))),
  name.map((portal) => message(`Close portal ${portal}`, closePortal(portal))),
  fc.constant(message('Flush', flushMessage())),
)

const COPY = 'COPY lines FROM STDIN'
const rows = fc.array(fc.constant(message('CopyData', copyData('x\n'))), { maxLength: 3 })
const end = fc.constantFrom(message('CopyDone', copyDone()), message('CopyFail', copyFail('no more')))
/** PostgreSQL ends a session that says anything else within a COPY. */
const copy = fc.oneof(
  fc.tuple(rows, end).map(([data, last]) => [message(`Query ${COPY}`, queryMessage(COPY)), ...data, last]),
  // As libpq, which sends Sync before it knows of the COPY.
  fc
    .tuple(fc.boolean(), rows, end)
    .map(([isSynced, data, last]) => [
      message(`Parse copy: ${COPY}`, parseMessage('copy', COPY)),
      message('Bind copy of copy', bindMessage('copy', [], 'copy')),
      message('Execute copy', executeMessage('copy')),
      ...(isSynced ? [SYNC] : []),
      ...data,
      last,
      SYNC,
      message('Close statement copy', closeStatement('copy')),
    ]),
)
/** As drivers do, which prepare once and use it often. */
const prepared = fc
  .tuple(parse, fc.boolean())
  .map(([first, isSynced]) => [first, ...(isSynced ? [SYNC] : [])])
const used = fc
  .tuple(fc.constantFrom('a', 'b'), fc.boolean())
  .map(([statement, isDescribed]) => [
    ...(isDescribed ? [message(`Describe statement ${statement}`, describeStatement(statement))] : []),
    message(`Bind of ${statement}`, bindMessage(statement)),
    message('Execute', executeMessage()),
    SYNC,
  ])
const conversation = fc
  .array(
    fc.oneof(
      { arbitrary: oneMessage.map((one) => [one]), weight: 12 },
      { arbitrary: prepared, weight: 4 },
      { arbitrary: used, weight: 8 },
      { arbitrary: copy, weight: 1 },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((parts) => parts.flat())
const EACH: readonly Step[] = ['client', 'backend', 'answer']
const steps = fc.array(fc.constantFrom<Step[]>('client', 'client', 'backend', 'answer', 'settle'), {
  minLength: 1,
  maxLength: 30,
})
const moves = fc.array(fc.constantFrom<Move[]>('keep', 'ask', 'empty', 'empty'), {
  minLength: 1,
  maxLength: 10,
})

/** Leaves whatever transaction there is, so that every conversation ends with a free backend. */
const LAST = [SYNC, message('Query ROLLBACK', queryMessage('ROLLBACK'))]

const shown = ({ type, body }: Answer): string =>
  type === 'E'
    ? `E ${/\0C(\w{5})/.exec(body.toString('latin1'))?.[1] ?? ''}`
    : `${type} ${body.toString('latin1')}`

function heardOfOwnBackend(messages: readonly Message[]): readonly string[] {
  const backend = new PostgresModel({ version: 0 })
  return messages.flatMap(({ bytes }) => backend.receive(bytes)).map(shown)
}

/** A pooled session without its sockets: what session.ts does with the verdicts. */
class SessionModel {
  readonly heard: string[] = []
  readonly conversation = new Conversation(new Leftovers())
  readonly #backend = new PostgresModel({ version: 0 })
  readonly #messages: Message[]
  readonly #moves: Iterator<Move>
  readonly #toBackend: Buffer[] = []
  readonly #answers: Answer[] = []
  #isHeld = false

  constructor(messages: readonly Message[], moves: readonly Move[]) {
    this.#messages = [...messages]
    this.#moves = endless(moves)
  }

  get isDone(): boolean {
    return this.#messages.length === 0 && this.#toBackend.length === 0 && this.#answers.length === 0
  }

  /** @returns false when there was nothing to do */
  take(step: Step): boolean {
    switch (step) {
      case 'client':
        return this.#judgeNext()
      case 'backend': {
        const bytes = this.#toBackend.shift()
        if (bytes !== undefined) this.#answers.push(...this.#backend.receive(bytes))
        return bytes !== undefined
      }
      case 'answer': {
        const answer = this.#answers.shift()
        if (answer !== undefined) this.#judgeAnswer(answer)
        return answer !== undefined
      }
      case 'settle': {
        let hasMoved = false
        while (this.take('backend') || this.take('answer')) hasMoved = true
        return hasMoved
      }
    }
  }

  #judgeNext(): boolean {
    const [next] = this.#messages
    if (next === undefined || this.#isHeld) return false
    const verdict = this.#judge(next.bytes)
    switch (verdict.act) {
      case 'hold':
        this.#toBackend.push(verdict.before)
        // As a session, which looks at that behind each answer: something must be to come.
        this.#isHeld = this.conversation.isHolding
        return true
      case 'replace':
        this.#toBackend.push(verdict.by)
        break
      case 'pass':
        this.#toBackend.push(
          ...[verdict.before, next.bytes, verdict.behind].filter((bytes) => bytes !== undefined),
        )
    }
    this.#messages.shift()
    return true
  }

  #judge(bytes: Buffer): RequestVerdict {
    const scanner = new MessageScanner({ longestOf: longestRequest, prefixOf: prefixOfRequest })
    scanner.push(bytes)
    scanner.see()
    const judged = readClientMessage(scanner)
    if (judged.kind === 'violation') throw new Error(judged.violation)
    return this.conversation.judge(judged)
  }

  #judgeAnswer(answer: Answer): void {
    const verdict = this.conversation.received(answer.type.charCodeAt(0), () => new FieldCursor(answer.body))
    if (verdict.act === 'pass') this.heard.push(shown(answer))
    if (verdict.act === 'replace') this.heard.push(shown({ type: 'E', body: verdict.by }))
    if (this.#isHeld) this.#isHeld = this.conversation.isHolding
    else if (this.conversation.isFinished) this.#release()
  }

  #release(): void {
    switch (this.#moves.next().value as Move) {
      case 'keep':
        return
      case 'ask':
        this.#backend.ask()
        this.conversation.wasAsked()
        return
      case 'empty':
        this.#backend.empty()
        this.conversation.changedBackend()
    }
  }
}

function* endless<Item>(items: readonly Item[]): Generator<Item, never> {
  for (;;) yield* items
}

it('a session that goes from backend to backend reads what one with a backend of its own reads', () => {
  fc.assert(
    fc.property(conversation, steps, moves, (said, order, where) => {
      const messages = [...said, ...LAST]
      const session = new SessionModel(messages, where)
      while (!session.isDone) {
        const hasMoved = [...order, ...EACH].map((step) => session.take(step))
        if (!hasMoved.includes(true)) throw new Error('everybody waits for somebody else')
      }
      expect(session.heard, messages.map(({ shown: each }) => each).join('\n')).toEqual(
        heardOfOwnBackend(messages),
      )
      expect(session.conversation.isFinished).toBe(true)
    }),
    { numRuns: 3_000, seed: 20_261_127 },
  )
})
