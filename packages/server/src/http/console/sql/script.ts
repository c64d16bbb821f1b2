/**
 * The text of a run as it is sent to PostgreSQL: statement by statement, with passwords of roles hashed, and with
 * offsets of the text as it was written.
 */
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
  /** Offsets in the text as it was written, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** A psql command, which is not SQL. */
  readonly command: PsqlCommand | undefined
}

export interface Script {
  /**
   * The next statement; undefined at the end.
   * @param options the current ones: an earlier statement may have changed how literals are read
   */
  next(options: SplitOptions): ScriptStatement | undefined
  /** Whether no statement follows. */
  isLast(options: SplitOptions): boolean
  /** Passwords that could not be hashed, because an expression builds them where they are used. */
  readonly unreadablePasswords: number
}

/** @param isGivenUp once it returns true, no further statement of the script may be sent */
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

  /**
   * Reads at most one statement ahead: each statement may change the rules of reading, and text that was read by other
   * rules is read again.
   */
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
  /** Offset at which the text of these statements begins. */
  readonly from: number
  readonly statements: Iterator<Statement, void>
  statement: Statement | undefined
}

const nextOf = (statements: Iterator<Statement, void>): Statement | undefined =>
  statements.next().value ?? undefined

/** An offset within the hash is mapped to the beginning of the password. */
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
