/** Which prepared statement a message of the extended query protocol is about; the rest of it is not looked at. */
import { FieldCursor } from './frame.ts'
import { LONGEST_NAME } from './limits.ts'

/**
 * As PostgreSQL finds a statement: by the first 63 bytes (`prepare.c`, a hash table with keys of NAMEDATALEN).
 * One character per byte; names have no encoding of their own. Empty: the unnamed statement.
 */
const nameOf = (bytes: Buffer | undefined): string | undefined =>
  bytes?.subarray(0, LONGEST_NAME).toString('latin1')

/** Undefined when the name does not end within the bytes that are there. */
export const statementOfParse = (body: Buffer): string | undefined =>
  nameOf(new FieldCursor(body).stringBytes())

/** Behind the name of the portal. */
export function statementOfBind(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  return cursor.stringBytes() === undefined ? undefined : nameOf(cursor.stringBytes())
}

/** Describe and Close. `portal` when it is about one. */
export function statementOfDescribe(body: Buffer): { readonly name: string } | 'portal' | undefined {
  const cursor = new FieldCursor(body)
  const kind = cursor.uint8()
  const name = nameOf(cursor.stringBytes())
  if (kind === undefined || name === undefined) return undefined
  return kind === 'S'.charCodeAt(0) ? { name } : 'portal'
}
