/** What a client's message means for the count of what is outstanding and for its prepared statements. */
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
} from './outstanding.ts'
import { LONGEST_REMEMBERED, type StatementBook } from './statement-book.ts'

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

/** Longer names than this of portals and statements together are not read; PostgreSQL uses 63 bytes of each. */
const NAMES_BYTES = 8 * 1024

/** How much of a message must be there before it is judged. */
export function prefixOfRequest(type: number, total: number): number {
  switch (type) {
    case PARSE_MESSAGE:
      return total <= LONGEST_REMEMBERED ? total : NAMES_BYTES
    case BIND_MESSAGE:
    case CLOSE_MESSAGE:
    case DESCRIBE_MESSAGE:
      return Math.min(total, NAMES_BYTES)
    default:
      return 1
  }
}

/**
 * Judges the message that the scanner sees, and puts a Parse before it when its statement is missing in the backend.
 * @returns what is wrong with it, if PostgreSQL would end the session for it as well
 */
export function judgeRequest(
  requests: MessageScanner,
  outstanding: Outstanding,
  book: StatementBook,
  toBackend: Outlet,
): string | undefined {
  const bringBack = (statement: string) => {
    const message = outstanding.isSkipping ? undefined : book.missing(statement)
    if (message === undefined) return
    toBackend.insert(message)
    outstanding.sent({ kind: 'replay', statement, message, existed: false })
  }
  switch (requests.type) {
    case QUERY_MESSAGE:
      book.simpleQuery()
      outstanding.sent(QUERY)
      return undefined
    // Answered as a Query is: by ReadyForQuery, whatever happened.
    case FUNCTION_CALL:
      outstanding.sent(QUERY)
      return undefined
    case SYNC_MESSAGE:
      outstanding.sent(SYNC)
      return undefined
    case EXECUTE_MESSAGE:
      outstanding.sent(EXECUTE)
      return undefined
    case PARSE_MESSAGE: {
      const statement = statementOfParse(requests.body())
      if (statement === undefined) return 'the name of a statement does not end'
      const message = requests.isWhole ? Buffer.from(requests.view(requests.start, requests.end)) : undefined
      outstanding.sent({ kind: 'parse', statement, message, existed: book.has(statement) })
      return undefined
    }
    case BIND_MESSAGE: {
      const statement = statementOfBind(requests.body())
      if (statement === undefined) return 'the name of a statement does not end'
      bringBack(statement)
      outstanding.sent(BIND)
      return undefined
    }
    case DESCRIBE_MESSAGE: {
      const statement = statementOfDescribe(requests.body())
      if (statement === undefined) return 'the name of a statement does not end'
      if (statement !== 'portal') bringBack(statement.name)
      outstanding.sent(DESCRIBE)
      return undefined
    }
    case CLOSE_MESSAGE: {
      const statement = statementOfDescribe(requests.body())
      if (statement === undefined) return 'the name of a statement does not end'
      outstanding.sent(statement === 'portal' ? CLOSE_PORTAL : { kind: 'close', statement: statement.name })
      return undefined
    }
    case COPY_DONE:
    case COPY_FAIL:
      outstanding.sent(COPY_END)
      return undefined
    case COPY_DATA:
    case FLUSH:
    case TERMINATE:
      return undefined
    default:
      return `invalid frontend message type ${String(requests.type)}`
  }
}
