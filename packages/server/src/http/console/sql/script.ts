/** The text of a run as it is sent: statement by statement, passwords of roles hashed, offsets of the text as it was written. */
import {
  hashRolePasswords,
  statementsOf,
  type PsqlCommand,
  type Replacement,
  type SplitOptions,
  type Statement,
} from '@lakegate/sql-text'
import type { SentStatement } from './sql-error.ts'

export interface ScriptStatement extends SentStatement {
  /** In the text as it was written; UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** Of psql, and not SQL. */
  readonly command: PsqlCommand | undefined
}

export interface Script {
  /**
   * The next statement, undefined at the end.
   * @param options of this moment: a statement before may have changed how literals are read
   */
  next(options: SplitOptions): ScriptStatement | undefined
  /** Whether nothing follows. */
  isLast(options: SplitOptions): boolean
  /** Passwords that could not be hashed, because they are put together where they are used. */
  readonly unreadablePasswords: number
}

/** @param isGivenUp once it is, no statement of the script may be sent */
export async function openScript(
  written: string,
  hashPasswords: boolean,
  options: SplitOptions,
  isGivenUp: () => boolean,
): Promise<Script> {
  const { sql, replacements, unreadable } = hashPasswords
    ? await hashRolePasswords(written, options, isGivenUp)
    : { sql: written, replacements: [], unreadable: 0 }
  const toWritten = (offset: number): number => offsetAsWritten(offset, replacements)
  let at = 0
  let ahead: Ahead | undefined

  /** No further than one statement ahead: each one may change the rules, and what was read by others is read anew. */
  function following(split: SplitOptions): Ahead {
    const isStandard = split.standardConformingStrings ?? true
    if (ahead?.isStandard !== isStandard) {
      const statements = statementsOf(sql.slice(at), split)
      ahead = { isStandard, from: at, statements, statement: nextOf(statements) }
    }
    return ahead
  }

  return {
    unreadablePasswords: unreadable,
    next(split) {
      const read = following(split)
      const { from, statement } = read
      if (statement === undefined) return undefined
      read.statement = nextOf(read.statements)
      const [start, end] = [from + statement.start, from + statement.end]
      at = end
      return {
        text: statement.text,
        start: toWritten(start),
        end: toWritten(end),
        command: statement.kind === 'psql' ? statement : undefined,
        offsetInRun: (offset) => toWritten(start + offset),
      }
    },
    isLast: (split) => following(split).statement === undefined,
  }
}

interface Ahead {
  readonly isStandard: boolean
  /** Where the text of these begins. */
  readonly from: number
  readonly statements: Iterator<Statement, void>
  statement: Statement | undefined
}

const nextOf = (statements: Iterator<Statement, void>): Statement | undefined =>
  statements.next().value ?? undefined

/** What lies within a hash lies at the beginning of the password. */
function offsetAsWritten(offset: number, replacements: readonly Replacement[]): number {
  let shift = 0
  for (const { start, end, length } of replacements) {
    const sentStart = start + shift
    if (offset <= sentStart) break
    if (offset < sentStart + length) return start
    shift += length - (end - start)
  }
  return offset - shift
}
