/** Reads from a client's message what a pooled session must know: names and texts, never values of rows. */
import { LONGEST_MESSAGE, LONGEST_SMALL_MESSAGE } from '../../../protocol/limits.ts'
import { FRONTEND } from '../../../protocol/message-types.ts'
import type { MessageScanner } from '../../../protocol/message-scanner.ts'
import {
  namesOfBind,
  parametersOfBind,
  portalOfExecute,
  statementOfDescribe,
  statementOfParse,
  textOfParse,
  textOfQuery,
} from '../../../protocol/statement-names.ts'

/** Every text has one character per byte, because it is in the encoding of the session. */
export type ClientMessage =
  | { readonly kind: 'query'; readonly text: string | undefined }
  | {
      readonly kind: 'parse'
      readonly statement: string
      /** The whole message and its text; undefined when it is too long to be kept. */
      readonly message: Buffer | undefined
      readonly text: string | undefined
    }
  | {
      readonly kind: 'bind'
      readonly statement: string
      readonly portal: string
      /** The parameter values; undefined for NULL. To be called before more of the client's bytes are read. */
      readonly parameters: () => readonly (string | undefined)[]
    }
  | { readonly kind: 'describe' | 'close'; readonly statement: string }
  | { readonly kind: 'execute'; readonly portal: string }
  | { readonly kind: PlainMessage }

type PlainMessage =
  | 'describe_portal'
  | 'close_portal'
  | 'function_call'
  | 'flush'
  | 'sync'
  | 'terminate'
  | 'copy_data'
  | 'copy_done'
  | 'copy_fail'

export interface Violation {
  readonly kind: 'violation'
  readonly violation: string
  /** Whether PostgreSQL ends the session as soon as it reads the header of the message. */
  readonly endsSession: boolean
}

const SMALL: ReadonlySet<number> = new Set([
  FRONTEND.close,
  FRONTEND.copyDone,
  FRONTEND.copyFail,
  FRONTEND.describe,
  FRONTEND.execute,
  FRONTEND.flush,
  FRONTEND.sync,
  FRONTEND.terminate,
])

/** The longest message of this type that PostgreSQL accepts; for a longer one it ends the session without an answer. */
export const longestRequest = (type: number): number =>
  SMALL.has(type) ? LONGEST_SMALL_MESSAGE : LONGEST_MESSAGE

/** A longer Parse is passed on as it arrives and not kept; the text of a longer Query is not examined. */
const LONGEST_REMEMBERED = 64 * 1024
/**
 * The portal and statement names of one message are read up to this length together; PostgreSQL uses 63 bytes of each
 * name.
 */
const NAMES_BYTES = 8 * 1024

/** How many bytes of a message must have arrived before it is judged. */
export function prefixOfRequest(type: number, total: number): number {
  switch (type) {
    case FRONTEND.parse:
    case FRONTEND.query:
      return total <= LONGEST_REMEMBERED ? total : NAMES_BYTES
    case FRONTEND.bind:
      return Math.min(total, NAMES_BYTES)
    case FRONTEND.close:
    case FRONTEND.describe:
    case FRONTEND.execute:
      return total
    default:
      return 1
  }
}

/**
 * A violation is something for which PostgreSQL would end the session as well, or a name longer than we read. Names are
 * always read from the same prefix of the message, so the pieces in which the message arrived make no difference.
 */
export function readClientMessage(requests: MessageScanner): ClientMessage | Violation {
  const isRead = requests.isWhole && requests.total <= LONGEST_REMEMBERED
  switch (requests.type) {
    case FRONTEND.query:
      return { kind: 'query', text: isRead ? textOfQuery(requests.fields()) : undefined }
    case FRONTEND.parse: {
      const statement = statementOfParse(requests.prefixFields())
      if (statement === undefined) return ENDLESS_NAME
      if (!isRead) return { kind: 'parse', statement, message: undefined, text: undefined }
      const message = Buffer.from(requests.view(requests.start, requests.end))
      return { kind: 'parse', statement, message, text: textOfParse(requests.fields()) }
    }
    case FRONTEND.bind: {
      const names = namesOfBind(requests.prefixFields())
      if (names === undefined) return ENDLESS_NAME
      const { portal, statement } = names
      return { kind: 'bind', portal, statement, parameters: () => parametersOfBind(requests.fields()) }
    }
    case FRONTEND.describe: {
      const subject = statementOfDescribe(requests.prefixFields())
      if (subject === undefined) return ENDLESS_NAME
      return subject === 'portal'
        ? { kind: 'describe_portal' }
        : { kind: 'describe', statement: subject.name }
    }
    case FRONTEND.close: {
      const subject = statementOfDescribe(requests.prefixFields())
      if (subject === undefined) return ENDLESS_NAME
      return subject === 'portal' ? { kind: 'close_portal' } : { kind: 'close', statement: subject.name }
    }
    case FRONTEND.execute: {
      const portal = portalOfExecute(requests.prefixFields())
      return portal === undefined ? ENDLESS_NAME : { kind: 'execute', portal }
    }
    default: {
      const kind = PLAIN.get(requests.type)
      return kind === undefined
        ? {
            kind: 'violation',
            violation: `invalid frontend message type ${String(requests.type)}`,
            endsSession: true,
          }
        : { kind }
    }
  }
}

const ENDLESS_NAME: Violation = { kind: 'violation', violation: 'a name does not end', endsSession: false }

const PLAIN: ReadonlyMap<number, PlainMessage> = new Map([
  [FRONTEND.functionCall, 'function_call'],
  [FRONTEND.flush, 'flush'],
  [FRONTEND.sync, 'sync'],
  [FRONTEND.terminate, 'terminate'],
  [FRONTEND.copyData, 'copy_data'],
  [FRONTEND.copyDone, 'copy_done'],
  [FRONTEND.copyFail, 'copy_fail'],
])
