/**
 * The console's own queries, executed in the person's session with the person's rights. Their texts are constants in
 * which every name and operator is qualified with its schema (CVE-2018-1058); what the person typed is passed as a
 * parameter.
 */
import {
  encodeClosePortal,
  encodeExecute,
  encodeFlush,
  encodePrepare,
  PORTAL,
  type Conversation,
  type ErrorFields,
} from './conversation.ts'

const MOST_ROWS = 5_000
const LONGEST_VALUE = 16 * 1024
/** For all values together: an answer is one frame, and hostile names and comments may be long. */
const MOST_BYTES = 4 * 1024 * 1024

export type OwnAnswer =
  | { readonly rows: readonly (readonly (string | null)[])[]; readonly hasMore: boolean }
  | { readonly error: ErrorFields }

/**
 * @param withinStatement the person's statement is in progress or its portal is kept, so nothing may be ended
 * @throws ConversationOver
 */
export async function askOwn(
  conversation: Conversation,
  text: string,
  parameters: readonly (string | null)[],
  withinStatement: boolean,
): Promise<OwnAnswer> {
  const rows: (string | null)[][] = []
  let bytes = 0
  conversation.directRows({
    wants: () => rows.length < MOST_ROWS && bytes < MOST_BYTES,
    roomFor: (length) => Math.min(length, LONGEST_VALUE),
    row: (values) => {
      for (const { kept } of values) bytes += kept.length
      rows.push(values.map(({ length, kept }) => (length < 0 ? null : kept.toString('utf8'))))
    },
  })
  conversation.send(encodePrepare(text, PORTAL.own, parameters), encodeExecute(PORTAL.own, MOST_ROWS))
  for (;;) {
    const answer = await conversation.next()
    if (answer.kind === 'columns' || answer.kind === 'no_columns') continue
    conversation.directRows(undefined)
    if (answer.kind === 'error') {
      // After an error PostgreSQL skips everything until Sync, including what the person has in progress.
      await conversation.sync()
      return { error: answer.fields }
    }
    conversation.send(encodeClosePortal(PORTAL.own), encodeFlush())
    const error = withinStatement ? undefined : await conversation.sync()
    return error === undefined
      ? { rows, hasMore: answer.kind === 'suspended' || bytes >= MOST_BYTES }
      : { error }
  }
}
