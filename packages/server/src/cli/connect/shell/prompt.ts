/** The prompt of the shell, as psql's `%/%R%x%# ` shows it: database, what is open, the transaction. */
import type { OpenPart } from '@lakegate/sql-text'
import type { TransactionState } from './shell-session.ts'

const OPEN: Readonly<Record<OpenPart, string>> = {
  nothing: '=',
  statement: '-',
  parenthesis: '(',
  string: "'",
  quoted_name: '"',
  dollar_string: '$',
  comment: '*',
}
/** Within a transaction a star, behind an error in it an exclamation mark. */
const TRANSACTION: Readonly<Record<TransactionState, string>> = { idle: '', open: '*', failed: '!' }

export const promptFor = (database: string, open: OpenPart, transaction: TransactionState): string =>
  `${database}${OPEN[open]}${TRANSACTION[transaction]}> `

/** While the data of a COPY is typed. */
export const COPY_PROMPT = '>> '
