/** What a client's message means for the count of what is outstanding and for its prepared statements. */
import { encodeDescribeStatement, encodeFlush } from '../../protocol/frontend-statements.ts'
import { LONGEST_MESSAGE, LONGEST_SMALL_MESSAGE } from '../../protocol/limits.ts'
import type { MessageScanner } from '../../protocol/message-scanner.ts'
import { statementOfBind, statementOfDescribe, statementOfParse } from '../../protocol/statement-names.ts'
import type { Outlet } from './outlet.ts'
import {
  BIND,
  CLOSE_PORTAL,
  COPY_END,
  DESCRIBE,
  EXECUTE,
  QUERY,
  SYNC,
  type Outstanding,
  type Request,
} from './outstanding.ts'
import { LONGEST_REMEMBERED, UNNAMED, type StatementBook } from './statement-book.ts'

const letter = (text: string): number => text.charCodeAt(0)
const BIND_MESSAGE = letter('B')
const CLOSE_MESSAGE = letter('C')
const DESCRIBE_MESSAGE = letter('D')
const EXECUTE_MESSAGE = letter('E')
const FUNCTION_CALL = letter('F')
const FLUSH = letter('H')
const PARSE_MESSAGE = letter('P')
const QUERY_MESSAGE = letter('Q')
const SYNC_MESSAGE = letter('S')
const TERMINATE = letter('X')
const COPY_DONE = letter('c')
const COPY_DATA = letter('d')
const COPY_FAIL = letter('f')

/**
 * Between transactions PostgreSQL has nothing to say to these: COPY messages are what remains of a COPY that failed
 * (`PostgresMain`), and Flush has nothing to flush.
 */
export const WAITS_FOR_NO_BACKEND: ReadonlySet<number> = new Set([
  COPY_DATA,
  COPY_DONE,
  COPY_FAIL,
  FLUSH,
  TERMINATE,
])

const SMALL: ReadonlySet<number> = new Set([
  CLOSE_MESSAGE,
  COPY_DONE,
  COPY_FAIL,
  DESCRIBE_MESSAGE,
  EXECUTE_MESSAGE,
  FLUSH,
  SYNC_MESSAGE,
  TERMINATE,
])

/** What PostgreSQL takes for the length word of such a message; it ends the session for more, without a word. */
export const longestRequest = (type: number): number =>
  SMALL.has(type) ? LONGEST_SMALL_MESSAGE : LONGEST_MESSAGE

/** Longer names than this of portals and statements together are not read; PostgreSQL uses 63 bytes of each. */
const NAMES_BYTES = 8 * 1024

/** How much of a message must be there before it is judged. */
export function prefixOfRequest(type: number, total: number): number {
  switch (type) {
    case PARSE_MESSAGE:
      return total <= LONGEST_REMEMBERED ? total : NAMES_BYTES
    case BIND_MESSAGE:
      return Math.min(total, NAMES_BYTES)
    case CLOSE_MESSAGE:
    case DESCRIBE_MESSAGE:
      return total
    default:
      return 1
  }
}

/** `hold`: not before the answers to what was sent are there. `done`: nothing of it is left to pass. */
export type Judgement = 'pass' | 'hold' | 'done' | Violation

export interface Violation {
  readonly violation: string
  /** Whether PostgreSQL ends the session as soon as it reads the header of the message. */
  readonly endsSession: boolean
}

const ENDLESS_NAME: Judgement = { violation: 'the name of a statement does not end', endsSession: false }
/** Fails whatever the state of the transaction: no client of ours has a statement of that name. */
const FAILING = encodeDescribeStatement('a statement that lakegate makes fail')

/**
 * Judges the message that the scanner sees, and puts a Parse before it when its statement is missing in the backend.
 * A violation is what PostgreSQL would end the session for as well, or a name that is longer than we read.
 */
export function judgeRequest(
  requests: MessageScanner,
  outstanding: Outstanding,
  book: StatementBook,
  toBackend: Outlet,
): Judgement {
  const bringBack = (statement: string): Judgement => {
    if (outstanding.isSkipping) return 'pass'
    if (book.isStale(statement)) {
      toBackend.insert(FAILING)
      outstanding.sent({ kind: 'stale' })
      return 'done'
    }
    const message = book.missing(statement)
    if (message === undefined) return 'pass'
    const mustMatch = book.mustBeCompared(statement) && !outstanding.isLost
    toBackend.insert(message)
    outstanding.sent({ kind: 'replay', statement, message, existed: false })
    if (!mustMatch) return 'pass'
    toBackend.insert(Buffer.concat([encodeDescribeStatement(statement), encodeFlush()]))
    outstanding.sent({ kind: 'shape', statement, mustMatch })
    return 'hold'
  }
  const closeOf = (statement: string): Request => ({
    kind: 'close',
    statement,
    existed: book.has(statement),
    wasStale: book.isStale(statement),
  })
  switch (requests.type) {
    case QUERY_MESSAGE:
      book.simpleQuery()
      outstanding.sent(QUERY)
      return 'pass'
    // Answered as a Query is: by ReadyForQuery, whatever happened.
    case FUNCTION_CALL:
      outstanding.sent(QUERY)
      return 'pass'
    case SYNC_MESSAGE:
      outstanding.sent(SYNC)
      return 'pass'
    case EXECUTE_MESSAGE:
      outstanding.sent(EXECUTE)
      return 'pass'
    case PARSE_MESSAGE: {
      const statement = statementOfParse(requests.prefix())
      if (statement === undefined) return ENDLESS_NAME
      const message = requests.isWhole ? Buffer.from(requests.view(requests.start, requests.end)) : undefined
      outstanding.sent({ kind: 'parse', statement, message, existed: book.has(statement) })
      if (message === undefined || statement === UNNAMED) return 'pass'
      toBackend.pass()
      toBackend.insert(encodeDescribeStatement(statement))
      outstanding.sent({ kind: 'shape', statement, mustMatch: false })
      return 'done'
    }
    case BIND_MESSAGE: {
      const statement = statementOfBind(requests.prefix())
      if (statement === undefined) return ENDLESS_NAME
      const judgement = bringBack(statement)
      if (judgement === 'pass') outstanding.sent(BIND)
      return judgement
    }
    case DESCRIBE_MESSAGE: {
      const statement = statementOfDescribe(requests.prefix())
      if (statement === undefined) return ENDLESS_NAME
      const judgement = statement === 'portal' ? 'pass' : bringBack(statement.name)
      if (judgement === 'pass') outstanding.sent(DESCRIBE)
      return judgement
    }
    case CLOSE_MESSAGE: {
      const statement = statementOfDescribe(requests.prefix())
      if (statement === undefined) return ENDLESS_NAME
      outstanding.sent(statement === 'portal' ? CLOSE_PORTAL : closeOf(statement.name))
      return 'pass'
    }
    case COPY_DONE:
    case COPY_FAIL:
      outstanding.sent(COPY_END)
      return 'pass'
    case COPY_DATA:
    case FLUSH:
    case TERMINATE:
      return 'pass'
    default:
      return { violation: `invalid frontend message type ${String(requests.type)}`, endsSession: true }
  }
}
