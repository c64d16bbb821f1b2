/**
 * Reads names, texts and parameters from messages of the extended query protocol; the rest of a message is ignored. One
 * character per byte, because texts are in the encoding of the session.
 */
import { FieldCursor } from './frame.ts'
import { LONGEST_NAME } from './limits.ts'
import { TARGET } from './message-types.ts'

/**
 * PostgreSQL finds a statement or a portal by the first 63 bytes of its name (`prepare.c` and `portalmem.c`, hash
 * tables with keys of NAMEDATALEN). The empty name is the unnamed one.
 */
const nameOf = (bytes: Buffer | undefined): string | undefined =>
  bytes?.subarray(0, LONGEST_NAME).toString('latin1')

/** Undefined, here and below, when the name does not end within the given bytes. */
export const statementOfParse = (body: Buffer): string | undefined =>
  nameOf(new FieldCursor(body).stringBytes())

/** The text after the name of the statement. */
export function textOfParse(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  return cursor.stringBytes() === undefined ? undefined : cursor.stringBytes()?.toString('latin1')
}

export const textOfQuery = (body: Buffer): string | undefined =>
  new FieldCursor(body).stringBytes()?.toString('latin1')

/** For Bind and Execute. */
export const portalOf = (body: Buffer): string | undefined => nameOf(new FieldCursor(body).stringBytes())

/** The statement name after the name of the portal. */
export function statementOfBind(body: Buffer): string | undefined {
  const cursor = new FieldCursor(body)
  return cursor.stringBytes() === undefined ? undefined : nameOf(cursor.stringBytes())
}

/** The parameter values that are within the given bytes; undefined for NULL. */
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

/** For Describe and Close. `portal` when the message is about a portal. */
export function statementOfDescribe(body: Buffer): { readonly name: string } | 'portal' | undefined {
  const cursor = new FieldCursor(body)
  const kind = cursor.uint8()
  const name = nameOf(cursor.stringBytes())
  if (kind === undefined || name === undefined) return undefined
  return kind === TARGET.statement ? { name } : 'portal'
}
