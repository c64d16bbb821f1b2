/** Values that a schema of the OpenAPI document permits, for tests that hold the document against the server. */
import fc from 'fast-check'
import type { JsonSchema } from './read-services.ts'

const OF_FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  uri: fc.constantFrom('https://idp.example.com/', 'https://keys.example.com/jwks.json'),
  uuid: fc.uuid(),
  'date-time': fc.constantFrom('2026-01-31T00:00:00Z', '2026-01-31T12:30:00.5+02:00'),
}

/** @param resolve finds what `$ref` refers to */
export function valuesOf(
  schema: JsonSchema,
  resolve: (reference: string) => JsonSchema,
): fc.Arbitrary<unknown> {
  const of = (inner: JsonSchema) => valuesOf(inner, resolve)
  if (schema.$ref !== undefined) return of(resolve(schema.$ref))
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(of))
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => of({ ...schema, type })))
  switch (schema.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, of(one)])),
        { requiredKeys: [...(schema.required ?? [])] },
      )
    case 'array':
      return fc.array(of(schema.items ?? {}), {
        minLength: limit(schema, 'minItems') ?? 0,
        maxLength: Math.min(limit(schema, 'maxItems') ?? 3, 3),
      })
    case 'string':
      return stringsOf(schema)
    case 'integer':
    case 'number':
      return fc.integer({
        min: limit(schema, 'minimum') ?? 0,
        max: Math.min(limit(schema, 'maximum') ?? 1000, 2 ** 31 - 1),
      })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue()
  }
}

function stringsOf(schema: JsonSchema): fc.Arbitrary<string> {
  const ofFormat = schema.format === undefined ? undefined : OF_FORMATS[schema.format]
  if (ofFormat !== undefined) return ofFormat
  const maxLength = Math.min(limit(schema, 'maxLength') ?? 64, 64)
  const { pattern } = schema
  if (typeof pattern === 'string')
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength)
  return fc.string({ minLength: limit(schema, 'minLength') ?? 0, maxLength })
}

function limit(schema: JsonSchema, keyword: string): number | undefined {
  const value = schema[keyword]
  return typeof value === 'number' ? value : undefined
}
