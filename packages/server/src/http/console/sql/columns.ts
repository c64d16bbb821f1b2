/** The columns of a result: names and types as PostgreSQL reports them. */
import type { SqlColumn } from '@lakegate/client'
import { FieldCursor } from '../../../protocol/frame.ts'
import type { Conversation } from './conversation.ts'
import { askOwn } from './own-query.ts'

export interface DescribedColumn {
  readonly name: string
  readonly typeOid: number
  readonly typeModifier: number
}

/** @returns undefined when the body is not a valid RowDescription */
export function readRowDescription(body: Buffer): readonly DescribedColumn[] | undefined {
  const cursor = new FieldCursor(body)
  const count = cursor.int16()
  if (count === undefined || count < 0) return undefined
  const columns: DescribedColumn[] = []
  for (let index = 0; index < count; index += 1) {
    const name = cursor.stringBytes()
    cursor.bytes(TABLE_AND_COLUMN_BYTES)
    const typeOid = cursor.int32()
    cursor.int16()
    const typeModifier = cursor.int32()
    const format = cursor.int16()
    if (name === undefined || typeOid === undefined || typeModifier === undefined || format === undefined)
      return undefined
    columns.push({ name: name.toString('utf8'), typeOid: typeOid >>> 0, typeModifier })
  }
  return columns
}

const TABLE_AND_COLUMN_BYTES = 6

/** `pg_type.oid` of types whose name needs no query, as `format_type` writes them without a modifier. */
const COMMON_TYPES: ReadonlyMap<number, string> = new Map([
  [16, 'boolean'],
  [17, 'bytea'],
  [19, 'name'],
  [20, 'bigint'],
  [21, 'smallint'],
  [23, 'integer'],
  [25, 'text'],
  [26, 'oid'],
  [114, 'json'],
  [700, 'real'],
  [701, 'double precision'],
  [869, 'inet'],
  [1009, 'text[]'],
  [1043, 'character varying'],
  [1082, 'date'],
  [1083, 'time without time zone'],
  [1114, 'timestamp without time zone'],
  [1184, 'timestamp with time zone'],
  [1186, 'interval'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [3802, 'jsonb'],
])

/** smallint, integer, bigint, oid, real, double precision, money, numeric. */
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 790, 1700])
const TEXT_OID = 25

export const textColumn = (name: string): SqlColumn => ({
  name,
  type_oid: TEXT_OID,
  type: 'text',
  align: 'left',
})

const FORMAT_TYPES = `
  SELECT pg_catalog.format_type(asked.oid::pg_catalog.oid, asked.modifier)
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int8[]), pg_catalog.unnest($2::pg_catalog.int4[]))
         WITH ORDINALITY AS asked (oid, modifier, place)
   ORDER BY asked.place`

/** Remembers the names of types for one session. */
export function createTypeNames(conversation: Conversation): {
  /** @throws ConversationOver */
  describe(columns: readonly DescribedColumn[]): Promise<SqlColumn[]>
} {
  const known = new Map<string, string>()
  const keyOf = ({ typeOid, typeModifier }: DescribedColumn) => `${String(typeOid)} ${String(typeModifier)}`
  const nameOf = (column: DescribedColumn): string | undefined =>
    (column.typeModifier === -1 ? COMMON_TYPES.get(column.typeOid) : undefined) ?? known.get(keyOf(column))

  return {
    async describe(columns) {
      const unknown = [
        ...new Map(
          columns.filter((column) => nameOf(column) === undefined).map((column) => [keyOf(column), column]),
        ).values(),
      ]
      if (unknown.length > 0) {
        const list = (numbers: readonly number[]) => `{${numbers.join(',')}}`
        const answer = await askOwn(
          conversation,
          FORMAT_TYPES,
          [
            list(unknown.map(({ typeOid }) => typeOid)),
            list(unknown.map(({ typeModifier }) => typeModifier)),
          ],
          true,
        )
        if ('rows' in answer)
          for (const [index, column] of unknown.entries()) {
            const name = answer.rows[index]?.[0]
            if (typeof name === 'string') known.set(keyOf(column), name)
          }
      }
      return columns.map((column) => ({
        name: column.name,
        type_oid: column.typeOid,
        type: nameOf(column) ?? `type ${String(column.typeOid)}`,
        align: NUMBERS.has(column.typeOid) ? 'right' : 'left',
      }))
    },
  }
}
