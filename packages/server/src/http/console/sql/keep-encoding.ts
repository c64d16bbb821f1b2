/**
 * Everything is read as UTF-8, and PostgreSQL reads what is sent as it was told: a statement that changes `client_encoding`
 * would make others wrong, and our own questions too.
 */
import type { Conversation, ErrorFields } from './conversation.ts'
import { LOGIN_SETTINGS } from './opening-query.ts'
import { askOwn } from './own-query.ts'

const { client_encoding: ENCODING } = LOGIN_SETTINGS
const SET_ENCODING = `SELECT pg_catalog.set_config('client_encoding', '${ENCODING}', false)`
const ENCODING_STAYS: ErrorFields = new Map([
  ['V', 'WARNING'],
  ['C', '01000'],
  ['M', `client_encoding is ${ENCODING} again: the console reads values in no other one`],
  ['D', 'Values of the statement that changed it may be shown wrong.'],
])

/**
 * Puts `client_encoding` back where a statement changed it; in a failed transaction nothing can be asked.
 * @param reported as PostgreSQL told it last (ParameterStatus)
 * @returns what the person is told; undefined when nothing had to be done
 */
export async function keepEncoding(
  conversation: Conversation,
  reported: string | undefined,
): Promise<ErrorFields | undefined> {
  if ((reported ?? ENCODING) === ENCODING || conversation.transaction === 'failed') return undefined
  const answer = await askOwn(conversation, SET_ENCODING, [], false)
  return 'error' in answer ? answer.error : ENCODING_STAYS
}
