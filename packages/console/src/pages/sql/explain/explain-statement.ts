/** The statement around a statement that asks for its plan. */
import { commandOf, tokensOf } from '@lakegate/sql-text'

export type ExplainKind = 'explain' | 'analyze'

const PREFIX: Readonly<Record<ExplainKind, string>> = {
  explain: 'EXPLAIN (FORMAT JSON) ',
  analyze: 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ',
}

export const explainPrefix = (kind: ExplainKind): string => PREFIX[kind]

const WRITES = new Set(['insert', 'update', 'delete', 'merge', 'into'])

/**
 * What ANALYZE would execute besides reading, e.g. `UPDATE`; undefined when it only reads. A function that a SELECT calls may
 * still write: PostgreSQL does not say.
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

/** EXPLAIN takes only these; of others it would be a syntax error. */
const EXPLAINABLE =
  /^(SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|EXECUTE|DECLARE|CREATE TABLE|CREATE MATERIALIZED VIEW|REFRESH MATERIALIZED VIEW)\b/

export const canExplain = (statement: string): boolean => EXPLAINABLE.test(commandOf(statement))
