/** Converts PostgreSQL's errors and notices for the browser. */
import type { SqlError } from '@lakegate/client'
import { recognizeRefusal } from '../../../policy/recognize-refusal.ts'
import { ERROR_FIELD } from '../../../protocol/message-types.ts'

/** Where a statement is in the text that the browser sent. */
export interface SentStatement {
  /** The text as it was sent to PostgreSQL. */
  readonly text: string
  /** Converts an offset in `text` to an offset in the text of the run; both in UTF-16 code units. */
  offsetInRun(offset: number): number
}

/** @param fields of an ErrorResponse or NoticeResponse ("Error and Notice Message Fields"); any of them may be missing */
export function toSqlError(fields: ReadonlyMap<string, string>, statement?: SentStatement): SqlError {
  const [sqlstate, message] = [fields.get(ERROR_FIELD.sqlstate) ?? '', fields.get(ERROR_FIELD.message) ?? '']
  const detail = fields.get(ERROR_FIELD.detail)
  const refusal = recognizeRefusal({ sqlstate, message, detail })
  const offset = statement === undefined ? undefined : offsetOf(fields.get(ERROR_FIELD.position), statement)
  return {
    severity: fields.get(ERROR_FIELD.severity) ?? fields.get(ERROR_FIELD.localizedSeverity) ?? 'ERROR',
    sqlstate,
    message,
    ...optional('detail', detail),
    ...optional('hint', fields.get(ERROR_FIELD.hint)),
    ...optional('context', fields.get(ERROR_FIELD.context)),
    ...(offset === undefined ? {} : { offset }),
    ...optional('refusal', refusal),
  }
}

const optional = <Name extends string>(name: Name, value: string | undefined) =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>

/** Positions count characters from 1; offsets count UTF-16 code units from 0. */
function offsetOf(position: string | undefined, { text, offsetInRun }: SentStatement): number | undefined {
  const characters = Number(position)
  if (position === undefined || !Number.isSafeInteger(characters) || characters < 1) return undefined
  let offset = 0
  for (let passed = 1; passed < characters && offset < text.length; passed += 1)
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  return offsetInRun(offset)
}
