/**
 * Claims of a token: tables that its sessions may read in addition to those of the role. Collapsed, because few people
 * need it.
 */
import { TextField } from '../../../kit/field.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './connection.module.css'

const texts = messages.instance.token
/** The same limit as the server's (policy/claims.ts). */
const MOST = 50
/** Three names with dots in between; a name that contains a dot is in backquotes. */
const TABLE_NAME = /^(`[^`]+`|[^.`]+)\.(`[^`]+`|[^.`]+)\.(`[^`]+`|[^.`]+)$/

export const readTables = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

export function problemOfTables(text: string): string | undefined {
  const tables = readTables(text)
  const wrong = tables.find((table) => !TABLE_NAME.test(table))
  if (wrong !== undefined) return texts.claimsForm(wrong)
  return tables.length > MOST ? texts.claimsTooMany(MOST) : undefined
}

export interface ReadableTablesProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

export const ReadableTables = ({ value, onChange }: ReadableTablesProps) => (
  <details className={styles['claims']}>
    <summary>{texts.claims}</summary>
    <TextField
      label={texts.claimsLabel}
      hint={texts.claimsHint}
      value={value}
      onChange={onChange}
      problem={problemOfTables(value)}
      isMultiline
      isMono
      rows={3}
    />
  </details>
)
