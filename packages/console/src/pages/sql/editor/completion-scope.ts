/** Which tables a statement names, and with which aliases: for the completion of their columns. */
import { tokensOf } from '@lakegate/sql-text'

export interface NamedTable {
  readonly schema: string | undefined
  readonly table: string
  /** The name with which its columns may be qualified. */
  readonly alias: string
}

const BEFORE_TABLE = new Set(['from', 'join', 'update', 'into', 'table', 'using'])
/** Keywords that may follow a table, so they are not its alias. */
const NO_ALIAS = new Set(
  `where on using join inner left right full cross natural group order having limit offset set values select returning as when
  union intersect except for window lateral tablesample with default overriding`.split(/\s+/),
)

interface Word {
  /** The name as PostgreSQL stores it; for punctuation the character. */
  readonly name: string
  readonly isName: boolean
  readonly isQuoted: boolean
}

/** A name as it is stored: in lower case unless it is quoted. */
export const unquote = (text: string): string =>
  text.startsWith('"') ? text.slice(1).replace(/"$/, '').replaceAll('""', '"') : text.toLowerCase()

function wordsOf(sql: string): readonly Word[] {
  const words: Word[] = []
  for (const { kind, start, end } of tokensOf(sql)) {
    if (kind === 'space' || kind === 'comment') continue
    const text = sql.slice(start, end)
    const isName = kind === 'word' || kind === 'quoted_name'
    words.push({ name: isName ? unquote(text) : text, isName, isQuoted: kind === 'quoted_name' })
  }
  return words
}

export function tablesOf(statement: string): readonly NamedTable[] {
  const words = wordsOf(statement)
  const tables: NamedTable[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]
    if (word === undefined || word.isQuoted || !BEFORE_TABLE.has(word.name)) continue
    at = readTables(words, at + 1, tables) - 1
  }
  return tables
}

/** Reads `a, s.b AS c, d`; @returns the position after it */
function readTables(words: readonly Word[], start: number, into: NamedTable[]): number {
  let at = start
  for (;;) {
    if (words[at]?.name === 'only') at += 1
    const first = words[at]
    if (first?.isName !== true) return at
    at += 1
    let [schema, table]: [string | undefined, string] = [undefined, first.name]
    if (words[at]?.name === '.' && words[at + 1]?.isName === true) {
      schema = table
      table = words[at + 1]?.name ?? ''
      at += 2
    }
    if (words[at]?.name === 'as') at += 1
    const after = words[at]
    const hasAlias = after?.isName === true && (after.isQuoted || !NO_ALIAS.has(after.name))
    into.push({ schema, table, alias: hasAlias ? after.name : table })
    if (hasAlias) at += 1
    if (words[at]?.name !== ',') return at
    at += 1
  }
}
