/**
 * Reads names, texts and parameters from messages of the extended query protocol; the rest of a message is ignored. One
 * character per byte, because texts are in the encoding of the session.
 */
import type { FieldCursor } from './frame.ts'
import { LONGEST_NAME } from './limits.ts'
import { TARGET } from './message-types.ts'

/**
 * PostgreSQL finds a statement or a portal by the first 63 bytes of its name (`prepare.c` and `portalmem.c`, hash
 * tables with keys of NAMEDATALEN). The empty name is the unnamed one.
 */
const nameIn = (body: FieldCursor): string | undefined => body.latin1(LONGEST_NAME)

/** Undefined, here and below, when the name does not end within the given bytes. */
export const statementOfParse = (body: FieldCursor): string | undefined => nameIn(body)

/** The text after the name of the statement. */
export const textOfParse = (body: FieldCursor): string | undefined =>
  body.skipString() ? body.latin1() : undefined

export const textOfQuery = (body: FieldCursor): string | undefined => body.latin1()

export const portalOfExecute = (body: FieldCursor): string | undefined => nameIn(body)

export function namesOfBind(
  body: FieldCursor,
): { readonly portal: string; readonly statement: string } | undefined {
  const portal = nameIn(body)
  const statement = portal === undefined ? undefined : nameIn(body)
  return portal === undefined || statement === undefined ? undefined : { portal, statement }
}

/** The parameter values that are within the given bytes; undefined for NULL. */
export function parametersOfBind(body: FieldCursor): readonly (string | undefined)[] {
  body.skipString()
  body.skipString()
  const formats = body.int16() ?? 0
  for (let format = 0; format < formats; format += 1) body.int16()
  const count = body.int16() ?? 0
  const parameters: (string | undefined)[] = []
  for (let parameter = 0; parameter < count; parameter += 1) {
    const length = body.int32()
    if (length === undefined) break
    const bytes = length < 0 ? undefined : body.bytes(length)
    if (length >= 0 && bytes === undefined) break
    parameters.push(bytes?.toString('latin1'))
  }
  return parameters
}

/** For Describe and Close. `portal` when the message is about a portal. */
export function statementOfDescribe(body: FieldCursor): { readonly name: string } | 'portal' | undefined {
  const kind = body.uint8()
  const name = nameIn(body)
  if (kind === undefined || name === undefined) return undefined
  return kind === TARGET.statement ? { name } : 'portal'
}
