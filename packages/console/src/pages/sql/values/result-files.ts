/** The loaded rows as a file or for the clipboard. No query is executed again for this. */
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { cellText, isCut, isJsonType, isNumberType, OID, survivesJavaScript } from './cell-text.ts'
import { compactJson } from './json-tokens.ts'

export interface LoadedRows {
  readonly columns: readonly SqlColumn[]
  readonly rows: readonly (readonly SqlCell[])[]
}

export type FileKind = 'csv' | 'json' | 'markdown'

export const FILE_KINDS: Readonly<
  Record<FileKind, { readonly write: (rows: LoadedRows) => string; type: string; ending: string }>
> = {
  csv: { write: toCsv, type: 'text/csv', ending: 'csv' },
  json: { write: toJson, type: 'application/json', ending: 'json' },
  markdown: { write: toMarkdown, type: 'text/markdown', ending: 'md' },
}

/** How many cells are truncated: a file contains only their beginning. */
export const countCutCells = ({ rows }: LoadedRows): number =>
  rows.reduce((count, row) => count + row.filter(isCut).length, 0)

/** RFC 4180, with NULL as nothing and an empty text as `""`, so that COPY … CSV reads both back correctly. */
export function toCsv({ columns, rows }: LoadedRows): string {
  const lines = [columns.map(({ name }) => csvField(name)), ...rows.map((row) => row.map(csvField))]
  return lines.map((fields) => `${fields.join(',')}\r\n`).join('')
}

function csvField(cell: SqlCell): string {
  if (cell === null) return ''
  const text = cellText(cell)
  return text === '' || /[",\r\n]|^\s|\s$|^\\\.$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** An array of objects. A number or document that JavaScript would read differently is written as a text. */
export function toJson({ columns, rows }: LoadedRows): string {
  const names = uniqueNames(columns)
  const lines = rows.map((row) => {
    const members = columns.map(
      (column, index) => `${JSON.stringify(names[index])}: ${jsonValue(row[index] ?? null, column)}`,
    )
    return `  {${members.join(', ')}}`
  })
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
}

function jsonValue(cell: SqlCell, { type_oid: oid }: SqlColumn): string {
  if (cell === null) return 'null'
  const text = cellText(cell)
  if (isCut(cell)) return JSON.stringify(text)
  if (oid === OID.bool) return text === 't' ? 'true' : 'false'
  if (isNumberType(oid) && survivesJavaScript(text)) return text
  if (isJsonType(oid) && isSafeJson(text)) return text
  return JSON.stringify(text)
}

/** Whether JavaScript reads the document and writes the same one: no long numbers, no duplicate keys. */
function isSafeJson(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === compactJson(text)
  } catch {
    // JavaScript would change it, so it stays a text.
    return false
  }
}

/** Makes the names unique, because two columns with the same name would become one member. */
function uniqueNames(columns: readonly SqlColumn[]): readonly string[] {
  const seen = new Map<string, number>()
  return columns.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${String(count)}`
  })
}

/** A table in GitHub's Markdown; NULL is written out, an empty text is `''`. */
export function toMarkdown({ columns, rows }: LoadedRows): string {
  const head = columns.map(({ name }) => markdownField(name))
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'))
  const lines = [head, rule, ...rows.map((row) => row.map(markdownField))]
  return lines.map((fields) => `| ${fields.join(' | ')} |\n`).join('')
}

function markdownField(cell: SqlCell): string {
  if (cell === null) return 'NULL'
  const text = cellText(cell)
  if (text === '') return "''"
  return text.replace(/[\\|`*_<[\]]/g, (mark) => `\\${mark}`).replace(/\r\n|\r|\n/g, '<br>')
}

/** Rows separated by tabs, for a spreadsheet; used when rows are copied from the grid. */
export const toTabs = (rows: readonly (readonly SqlCell[])[]): string =>
  rows.map((row) => row.map(tabField).join('\t')).join('\n')

function tabField(cell: SqlCell): string {
  const text = cellText(cell)
  return /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
