/** Adds to a schema of the contract what a shape of the server limits: lengths, patterns, ranges, formats. */
import type { JsonSchema } from './read-services.ts'

const LIMITS = [
  ...['minLength', 'maxLength', 'pattern', 'format', 'minItems', 'maxItems'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
]
/** The limits of every whole number, which say nothing. */
const OF_NUMBERS: readonly unknown[] = [
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  -(2 ** 31),
  2 ** 31 - 1,
]

type Schemas = Readonly<Record<string, object>>

/**
 * @param schema is changed, and so are the types that it refers to
 * @param shape as zod renders it
 */
export function addLimits(schema: object, shape: unknown, schemas: Schemas): void {
  const to = resolve(schema, schemas)
  const from = withoutNull(shape as JsonSchema)
  if (from.properties !== undefined)
    for (const [name, property] of Object.entries(to.properties ?? {}))
      addLimits(property, from.properties[name] ?? {}, schemas)
  if (to.items !== undefined && from.items !== undefined) addLimits(to.items, from.items, schemas)
  for (const part of to.anyOf ?? []) addLimits(part, shape, schemas)
  const isSame =
    from.type === to.type || (to.type === 'number' && (from.type === 'integer' || from.type === undefined))
  if (!isSame || to.type === undefined) return
  for (const keyword of LIMITS) {
    const limit = from[keyword]
    if (limit === undefined || OF_NUMBERS.includes(limit)) continue
    // The pattern of a format is hundreds of characters long, and says the same.
    if (keyword === 'pattern' && from.format !== undefined) continue
    const known = to[keyword]
    if (known !== undefined && known !== limit)
      throw new Error(
        `${keyword} is ${JSON.stringify(known)} in the contract, and ${JSON.stringify(limit)} in the server`,
      )
    Object.assign(to, { [keyword]: limit })
  }
}

function resolve(schema: object, schemas: Schemas): JsonSchema {
  const { $ref } = schema as JsonSchema
  return $ref === undefined
    ? (schema as JsonSchema)
    : resolve(schemas[$ref.slice('#/definitions/'.length)] ?? {}, schemas)
}

const withoutNull = (shape: JsonSchema): JsonSchema => {
  const parts = (shape.anyOf ?? []).filter(({ type }) => type !== 'null')
  return parts.length === 1 && parts[0] !== undefined ? withoutNull(parts[0]) : shape
}
