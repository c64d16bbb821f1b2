/**
 * The names, texts and parameters in messages of the extended query protocol; the rest of them is not looked at. One
 * character per byte: they are in the encoding of the session.
 */
import { FieldCursor } from './frame.ts'
import { LONGEST_NAME } from './limits.ts'
import { TARGET } from './message-types.ts'

/**
 * As PostgreSQL finds a statement or a portal: by the first 63 bytes (`prepare.c` and `portalmem.c`, hash tables with
 * keys of NAMEDATALEN). Empty: the unnamed one.
 */
const nameOf = (bytes: Buffer | undefined): string | undefined =>
  bytes?.subarray(0, LONGEST_NAME).toString('latin1')

/** Undefined, here and below, when it does not end within the bytes that are there. */
export const statementOfParse = (body: Buffer): string | undefined =>
  nameOf(new FieldCursor(body).stringBytes())

/** Behind the name of the statement. */
export function textOfParse(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  return cursor.stringBytes() === undefined ? undefined : cursor.stringBytes()?.toString('latin1')
}

export const textOfQuery = (body: Buffer): string | undefined =>
  new FieldCursor(body).stringBytes()?.toString('latin1')

/** Of Bind and Execute. */
export const portalOf = (body: Buffer): string | undefined => nameOf(new FieldCursor(body).stringBytes())

/** Behind the name of the portal. */
export function statementOfBind(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  return cursor.stringBytes() === undefined ? undefined : nameOf(cursor.stringBytes())
}

/** As far as they are there; undefined for NULL. */
export function parametersOfBind(body: Buffer): readonly (string | undefined)[] {
  const cursor = new FieldCursor(body)
  cursor.stringBytes()
  cursor.stringBytes()
  const formats = cursor.int16() ?? 0
  for (let format = 0; format < formats; format += 1) cursor.int16()
  const count = cursor.int16() ?? 0
  const parameters: (string | undefined)[] = []
  for (let parameter = 0; parameter < count; parameter += 1) {
    const length = cursor.int32()
    if (length === undefined) break
    const bytes = length < 0 ? undefined : cursor.bytes(length)
    if (length >= 0 && bytes === undefined) break
    parameters.push(bytes?.toString('latin1'))
  }
  return parameters
}

/** Describe and Close. `portal` when it is about one. */
export function statementOfDescribe(body: Buffer): { readonly name: string } | 'portal' | undefined {
  const cursor = new FieldCursor(body)
  const kind = cursor.uint8()
  const name = nameOf(cursor.stringBytes())
  if (kind === undefined || name === undefined) return undefined
  return kind === TARGET.statement ? { name } : 'portal'
}
