/** The part of a RowDescription that describes the rows; tables and formats are left out. */
import { FieldCursor } from './frame.ts'

const TABLE_AND_COLUMN_BYTES = 6
/** Of each column's type: object id, size, modifier. */
const TYPE_BYTES = 10
const FORMAT_BYTES = 2

/**
 * Equal for descriptions that PostgreSQL considers the same result of a statement: names, types, sizes, modifiers.
 * Undefined when the description cannot be read.
 */
export function rowShapeOf(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  const count = cursor.int16()
  if (count === undefined) return undefined
  const columns: string[] = []
  for (let column = 0; column < count; column += 1) {
    const name = cursor.stringBytes()
    cursor.bytes(TABLE_AND_COLUMN_BYTES)
    const type = cursor.bytes(TYPE_BYTES)
    if (name === undefined || type === undefined || cursor.bytes(FORMAT_BYTES) === undefined) return undefined
    columns.push(`${name.toString('latin1')}\0${type.toString('latin1')}`)
  }
  return columns.join('')
}
