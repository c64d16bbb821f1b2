/** The console's remark about COPY, which transfers files: the console has none, psql has. */
import { tokensOf } from '@lakegate/sql-text'

/** @returns a sentence with the person's own statement as psql accepts it */
export function copyRemark(tag: string, statement: string): { readonly remark?: string } {
  if (!/^COPY( |$)/.test(tag)) return {}
  const line = asPsqlLine(statement)
  return line === undefined ? {} : { remark: `COPY moves files; the console has none. In psql: ${line}` }
}

/** Undefined for a COPY between tables and files of the server, which needs no client. */
function asPsqlLine(statement: string): string | undefined {
  for (const { kind, start, end } of tokensOf(statement)) {
    if (kind !== 'word' || !/^std(?:in|out)$/i.test(statement.slice(start, end))) continue
    const line = `\\${statement.slice(0, start)}'file.csv'${statement.slice(end)}`
    const parts = line.replace(/^\\copy/i, '\\copy').split('\n')
    return parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(' ')
  }
  return undefined
}
