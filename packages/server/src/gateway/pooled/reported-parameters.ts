/**
 * Reads and writes ParameterStatus and BackendKeyData. Text has one character per byte: values are in the encoding of
 * the session.
 */
import { FieldCursor } from '../../protocol/frame.ts'
import { buildMessage, field } from '../../protocol/message-builder.ts'
import { BACKEND } from '../../protocol/message-types.ts'

export type ParameterValues = Map<string, string>

export function parameterStatusOf(
  body: Buffer,
): { readonly name: string; readonly value: string } | undefined {
  const cursor = new FieldCursor(body)
  const name = cursor.stringBytes()
  const value = cursor.stringBytes()
  return name === undefined || value === undefined
    ? undefined
    : { name: name.toString('latin1'), value: value.toString('latin1') }
}

export function backendKeyOf(body: Buffer): { readonly processId: number; readonly key: Buffer } | undefined {
  const cursor = new FieldCursor(body)
  const processId = cursor.int32()
  return processId === undefined ? undefined : { processId, key: Buffer.from(body.subarray(4)) }
}

export const encodeStatus = (name: string, value: string): Buffer =>
  buildMessage(
    BACKEND.parameterStatus,
    field.string(Buffer.from(name, 'latin1')),
    field.string(Buffer.from(value, 'latin1')),
  )
