/**
 * The streaming replication protocol, as far as the gateway must tell its kinds apart (PostgreSQL, «Streaming Replication
 * Protocol»; repl_scanner.l, repl_gram.y). A connection with `replication=database` can do more than logical replication:
 * PostgreSQL takes BASE_BACKUP and START_REPLICATION PHYSICAL there as well, which give the whole cluster away.
 */
import type { StartupMessage } from './startup.ts'

export type ReplicationMode = 'none' | 'logical' | 'physical' | 'ambiguous'

/** What parse_bool takes for false (utils/adt/bool.c): each word from where no other begins like it. */
const FALSE = /^(f|fa|fal|fals|false|n|no|of|off|0)$/i

/** What the startup parameter `replication` asks for. Given twice, PostgreSQL makes a mixture of both. */
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

/** How much of a query is looked at: a command, the longest name of a slot in quotes, and the words around it. */
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
 * Whether the text of a Query belongs to logical replication. Its first word decides whether PostgreSQL takes it as a
 * command of replication; those have an underscore, all but SHOW, and no statement of SQL begins with such a word. So
 * what is not known here is refused.
 * @param text the beginning of it, at least `LONGEST_REPLICATION_PREFIX` bytes unless it is shorter
 */
export function isLogicalReplication(text: Buffer): boolean {
  const beginning = text.toString('latin1')
  const word = FIRST_WORD.exec(beginning)?.[1]?.toUpperCase()
  // Nothing but space so far: a command may follow where nobody looks.
  if (word === undefined) return text.length < LONGEST_REPLICATION_PREFIX || /[^ \t\n\r\f\v]/.test(beginning)
  if (!word.includes('_')) return true
  const form = Object.hasOwn(LOGICAL_FORMS, word) ? LOGICAL_FORMS[word] : undefined
  return form === undefined ? HARMLESS.includes(word) : form.test(beginning)
}
