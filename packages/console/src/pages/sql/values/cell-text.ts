/** Cells as text: exactly what PostgreSQL sent. */
import type { SqlCell } from '@lakegate/client'

/** Oids of pg_type.dat, for types that the console treats specially. */
export const OID = { bool: 16, bytea: 17, json: 114, jsonb: 3802 } as const
/** int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700])

export const isNumberType = (oid: number): boolean => NUMBERS.has(oid)
export const isJsonType = (oid: number): boolean => oid === OID.json || oid === OID.jsonb

/** A text of which only the beginning was sent. */
export type CutCell = Extract<SqlCell, { readonly beginning: string }>

export const isCut = (cell: SqlCell | undefined): cell is CutCell =>
  cell !== null && cell !== undefined && typeof cell !== 'string'

/** As psql prints it in unaligned mode, where NULL is empty too. */
export function cellText(cell: SqlCell | undefined): string {
  if (cell === null || cell === undefined) return ''
  return typeof cell === 'string' ? cell : cell.beginning
}

/** How many bytes a `bytea` has, from its text `\x…`; undefined when it is not in hex format. */
export function bytesOfHex(cell: SqlCell): number | undefined {
  const [text, bytes] = isCut(cell) ? [cell.beginning, cell.bytes] : [cell ?? '', cell?.length ?? 0]
  return text.startsWith('\\x') ? (bytes - 2) / 2 : undefined
}

/** Whether JavaScript would parse the same number and print it in the same way. */
export const survivesJavaScript = (text: string): boolean => {
  const value = Number(text)
  return text !== '' && Number.isFinite(value) && String(value) === text
}
