/** Claims of a token: tables that its sessions may read besides what the role may. Folded away; few need it. */
import { TextField } from '../../../kit/field.tsx'
import { messages } from '../../../messages/index.ts'
import styles from './connection.module.css'

const texts = messages.instance.token
/** As the server has it (policy/claims.ts). */
const MOST = 50
/** Three names with dots between; a name with a dot of its own stands in backquotes. */
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
