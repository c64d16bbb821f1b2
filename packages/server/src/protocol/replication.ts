/**
 * The streaming replication protocol, as far as the gateway must distinguish its kinds (PostgreSQL, «Streaming
 * Replication Protocol»; repl_scanner.l, repl_gram.y). A connection with `replication=database` is not limited to
 * logical replication: PostgreSQL also accepts BASE_BACKUP and START_REPLICATION PHYSICAL there, which hand out the
 * whole cluster.
 */
import type { StartupMessage } from './startup.ts'

export type ReplicationMode = 'none' | 'logical' | 'physical' | 'ambiguous'

/** What parse_bool accepts as false (utils/adt/bool.c): each word, and its unambiguous prefixes. */
const FALSE = /^(f|fa|fal|fals|false|n|no|of|off|0)$/i

/** What the startup parameter `replication` asks for. If it is given twice, PostgreSQL mixes both values. */
export function replicationModeOf({ parameters }: StartupMessage): ReplicationMode {
  const values = parameters
    .filter(({ name }) => name === 'replication')
    .map(({ value }) => value.toString('latin1'))
  const [value] = values
  if (value === undefined) return 'none'
  if (values.length > 1) return 'ambiguous'
  if (value === 'database') return 'logical'
  return FALSE.test(value) ? 'none' : 'physical'
}

/** How much of a query is examined: a command, the longest quoted slot name, and the words around it. */
export const LONGEST_REPLICATION_PREFIX = 4096

const SPACE = String.raw`[ \t\n\r\f\v]`
const FIRST_WORD = new RegExp(`^${SPACE}*([A-Za-z_\\x80-\\xff][A-Za-z0-9_$\\x80-\\xff]*)`)
const SLOT = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)`
const LOGICAL_FORMS: Readonly<Record<string, RegExp>> = {
  START_REPLICATION: new RegExp(
    `^${SPACE}*START_REPLICATION${SPACE}+SLOT${SPACE}+${SLOT}${SPACE}+LOGICAL${SPACE}`,
    'i',
  ),
  CREATE_REPLICATION_SLOT: new RegExp(
    `^${SPACE}*CREATE_REPLICATION_SLOT${SPACE}+${SLOT}${SPACE}+(?:TEMPORARY${SPACE}+)?LOGICAL${SPACE}`,
    'i',
  ),
}
const HARMLESS = [
  'IDENTIFY_SYSTEM',
  'DROP_REPLICATION_SLOT',
  'ALTER_REPLICATION_SLOT',
  'READ_REPLICATION_SLOT',
]

/**
 * Whether the text of a Query is allowed on a logical replication connection. By the first word PostgreSQL decides
 * whether it is a replication command; all of these except SHOW contain an underscore, and no SQL statement begins with
 * such a word. So a first word with an underscore that is not known here is refused.
 * @param text the beginning of the query, at least `LONGEST_REPLICATION_PREFIX` bytes unless the query is shorter
 */
export function isLogicalReplication(text: Buffer): boolean {
  const beginning = text.toString('latin1')
  const word = FIRST_WORD.exec(beginning)?.[1]?.toUpperCase()
  // Only whitespace so far: a command may follow beyond the part that is examined.
  if (word === undefined) return text.length < LONGEST_REPLICATION_PREFIX || /[^ \t\n\r\f\v]/.test(beginning)
  if (!word.includes('_')) return true
  const form = Object.hasOwn(LOGICAL_FORMS, word) ? LOGICAL_FORMS[word] : undefined
  return form === undefined ? HARMLESS.includes(word) : form.test(beginning)
}
