/**
 * Values are always read as UTF-8, and PostgreSQL reads text in the encoding it was told. A statement that changes
 * `client_encoding` would corrupt later ones, and also our own queries.
 */
import type { Conversation, ErrorFields } from './conversation.ts'
import { LOGIN_SETTINGS } from './opening-query.ts'
import { askOwn } from './own-query.ts'

const { client_encoding: ENCODING } = LOGIN_SETTINGS
const SET_ENCODING = `SELECT pg_catalog.set_config('client_encoding', '${ENCODING}', false)`
const ENCODING_STAYS: ErrorFields = new Map([
  ['V', 'WARNING'],
  ['C', '01000'],
  ['M', `client_encoding is ${ENCODING} again, because the console reads values only in this encoding`],
  ['D', 'Values of the statement that changed it may be shown incorrectly.'],
])

/**
 * Resets `client_encoding` when a statement changed it; in a failed transaction no query is possible.
 * @param reported the last value that PostgreSQL reported (ParameterStatus)
 * @returns the notice for the person; undefined when nothing had to be done
 */
export async function keepEncoding(
  conversation: Conversation,
  reported: string | undefined,
): Promise<ErrorFields | undefined> {
  if ((reported ?? ENCODING) === ENCODING || conversation.transaction === 'failed') return undefined
  const answer = await askOwn(conversation, SET_ENCODING, [], false)
  return 'error' in answer ? answer.error : ENCODING_STAYS
}
