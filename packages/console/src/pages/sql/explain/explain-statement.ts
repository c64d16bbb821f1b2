/** Wraps a statement in EXPLAIN. */
import { commandOf, tokensOf } from '@lakegate/sql-text'

export type ExplainKind = 'explain' | 'analyze'

const PREFIX: Readonly<Record<ExplainKind, string>> = {
  explain: 'EXPLAIN (FORMAT JSON) ',
  analyze: 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ',
}

export const explainPrefix = (kind: ExplainKind): string => PREFIX[kind]

const WRITES = new Set(['insert', 'update', 'delete', 'merge', 'into'])

/**
 * The command that ANALYZE would execute if it does more than read, e.g. `UPDATE`; undefined when it only reads. A
 * function called by a SELECT may still write: PostgreSQL does not tell.
 */
export function writingCommand(statement: string): string | undefined {
  const command = commandOf(statement)
  if (command === 'VALUES' || command === 'TABLE') return undefined
  if (command !== 'SELECT' && command !== 'WITH') return command
  for (const { kind, start, end } of tokensOf(statement)) {
    const word = statement.slice(start, end).toLowerCase()
    if (kind === 'word' && WRITES.has(word)) return word === 'into' ? 'SELECT INTO' : word.toUpperCase()
  }
  return undefined
}

/** EXPLAIN accepts only these; any other would be a syntax error. */
const EXPLAINABLE =
  /^(SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|EXECUTE|DECLARE|CREATE TABLE|CREATE MATERIALIZED VIEW|REFRESH MATERIALIZED VIEW)\b/

export const canExplain = (statement: string): boolean => EXPLAINABLE.test(commandOf(statement))
