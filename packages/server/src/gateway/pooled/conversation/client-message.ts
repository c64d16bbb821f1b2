/** What a client's message says, as far as it matters to whoever lends backends: names and texts, never values of rows. */
import { FRONTEND } from '../../../protocol/message-types.ts'
import type { MessageScanner } from '../../../protocol/message-scanner.ts'
import {
  parametersOfBind,
  portalOf,
  statementOfBind,
  statementOfDescribe,
  statementOfParse,
  textOfParse,
  textOfQuery,
} from '../../../protocol/statement-names.ts'

/** One character per byte in every text: they are in the encoding of the session. */
export type ClientMessage =
  | { readonly kind: 'query'; readonly text: string | undefined }
  | {
      readonly kind: 'parse'
      readonly statement: string
      /** The whole of it, and its text, if it is short enough to be remembered. */
      readonly message: Buffer | undefined
      readonly text: string | undefined
    }
  | {
      readonly kind: 'bind'
      readonly statement: string
      readonly portal: string
      /** Those that are there; undefined for NULL. */
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

/** A longer Parse is passed on as it comes and not kept, and the text of a longer Query is not looked at. */
const LONGEST_REMEMBERED = 64 * 1024
/** Longer names than this of portals and statements together are not read; PostgreSQL uses 63 bytes of each. */
const NAMES_BYTES = 8 * 1024

/** How much of a message must be there before it is judged. */
export function prefixOfRequest(type: number, total: number): number {
  switch (type) {
    case FRONTEND.parse:
    case FRONTEND.query:
      return total <= LONGEST_REMEMBERED ? total : NAMES_BYTES
    case FRONTEND.bind:
    case FRONTEND.close:
    case FRONTEND.describe:
    case FRONTEND.execute:
      return Math.min(total, NAMES_BYTES)
    default:
      return 1
  }
}

/** @returns what PostgreSQL would end the session for as well, in its words, when there is no such message */
export function readClientMessage(
  requests: MessageScanner,
): ClientMessage | { readonly kind: 'violation'; readonly violation: string } {
  const isRead = requests.isWhole && requests.total <= LONGEST_REMEMBERED
  switch (requests.type) {
    case FRONTEND.query:
      return { kind: 'query', text: isRead ? textOfQuery(requests.body()) : undefined }
    case FRONTEND.parse: {
      const body = requests.body()
      const statement = statementOfParse(body)
      if (statement === undefined) return ENDLESS_NAME
      if (!isRead) return { kind: 'parse', statement, message: undefined, text: undefined }
      const message = Buffer.from(requests.view(requests.start, requests.end))
      return { kind: 'parse', statement, message, text: textOfParse(body) }
    }
    case FRONTEND.bind: {
      const body = requests.body()
      const [portal, statement] = [portalOf(body), statementOfBind(body)]
      if (portal === undefined || statement === undefined) return ENDLESS_NAME
      return { kind: 'bind', portal, statement, parameters: () => parametersOfBind(body) }
    }
    case FRONTEND.describe: {
      const subject = statementOfDescribe(requests.body())
      if (subject === undefined) return ENDLESS_NAME
      return subject === 'portal'
        ? { kind: 'describe_portal' }
        : { kind: 'describe', statement: subject.name }
    }
    case FRONTEND.close: {
      const subject = statementOfDescribe(requests.body())
      if (subject === undefined) return ENDLESS_NAME
      return subject === 'portal' ? { kind: 'close_portal' } : { kind: 'close', statement: subject.name }
    }
    case FRONTEND.execute: {
      const portal = portalOf(requests.body())
      return portal === undefined ? ENDLESS_NAME : { kind: 'execute', portal }
    }
    default: {
      const kind = PLAIN.get(requests.type)
      return kind === undefined
        ? { kind: 'violation', violation: `invalid frontend message type ${String(requests.type)}` }
        : { kind }
    }
  }
}

const ENDLESS_NAME = { kind: 'violation', violation: 'a name does not end' } as const

const PLAIN: ReadonlyMap<number, PlainMessage> = new Map([
  [FRONTEND.functionCall, 'function_call'],
  [FRONTEND.flush, 'flush'],
  [FRONTEND.sync, 'sync'],
  [FRONTEND.terminate, 'terminate'],
  [FRONTEND.copyData, 'copy_data'],
  [FRONTEND.copyDone, 'copy_done'],
  [FRONTEND.copyFail, 'copy_fail'],
])
