/**
 * What the OpenAPI document, and so the types of the client, permit in a request, the shapes of the server take; and
 * what they do not name, the server refuses.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefusedError } from '../../src/operations/refused-error.ts'
import type { Route } from '../../src/http/route.ts'
import { readContract, type JsonSchema } from './contract/read-services.ts'
import { renderOpenApi } from './contract/render-openapi.ts'
import { valuesOf } from './contract/samples.ts'
import { routeOf } from './contract/served-routes.ts'

interface Rendered {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId: string
            readonly parameters?: readonly {
              name: string
              in: string
              required?: boolean
              schema: JsonSchema
            }[]
            readonly requestBody?: {
              readonly content: { readonly 'application/json': { readonly schema: JsonSchema } }
            }
          }
        >
      >
    >
  >
}

const contract = readContract()
const document = renderOpenApi(contract, routeOf) as unknown as Rendered
const resolve = (reference: string): JsonSchema =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document) as JsonSchema

const SAMPLES = { numRuns: 25, seed: 20261127 }

/** What the server says to it, without its handler: undefined when it is taken. */
function refusalOf(shape: Route['shapes']['body'], value: unknown): string | undefined {
  try {
    const { error } = shape.safeParse(value)
    return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  } catch (error) {
    // Some attributes of SCIM are read by functions that refuse themselves.
    if (error instanceof RefusedError) return error.message
    throw error
  }
}

const calls = contract.operations.flatMap((operation) => {
  const route = routeOf(operation)
  const rendered = document.paths[operation.path]?.[operation.method.toLowerCase()]
  return route === undefined || rendered === undefined
    ? []
    : [{ name: rendered.operationId, route, rendered }]
})
const withBody = calls.flatMap(({ rendered: { requestBody }, ...call }) =>
  requestBody === undefined ? [] : [{ ...call, schema: requestBody.content['application/json'].schema }],
)
const withQuery = calls.flatMap(({ rendered: { parameters = [] }, ...call }) => {
  const query = parameters.filter((one) => one.in === 'query')
  return query.length === 0 ? [] : [{ ...call, query }]
})

/** Every object in a value, with itself. */
const objectsIn = (value: unknown): readonly Record<string, unknown>[] =>
  typeof value !== 'object' || value === null
    ? []
    : [
        ...(Array.isArray(value) ? [] : [value as Record<string, unknown>]),
        ...Object.values(value).flatMap(objectsIn),
      ]

describe('the body of', () => {
  it.each(withBody)('$name is taken by the server as the document permits it', ({ route, schema }) => {
    for (const body of fc.sample(valuesOf(schema, resolve), SAMPLES))
      expect(refusalOf(route.shapes.body, body), JSON.stringify(body)).toBeUndefined()
  })

  it.each(withBody)('$name is refused with a field that is not known', ({ route, schema }) => {
    const [body] = fc.sample(valuesOf(schema, resolve), { ...SAMPLES, numRuns: 1 })
    const refusal = refusalOf(route.shapes.body, { ...(body as object), field_of_nobody: 1 })
    // RFC 7644 §3.5.2 names no such rule for PATCH, and identity providers send more there.
    if (route.path.includes('/scim/v2/') && route.method === 'PATCH') expect(refusal).toBeUndefined()
    else expect(refusal).toMatch(/field_of_nobody|[Uu]nrecognized key/)
  })

  it.each(withBody.filter(({ route }) => !route.path.includes('/scim/v2/')))(
    '$name is refused with such a field in any of its parts',
    ({ route, schema }) => {
      for (const body of fc.sample(valuesOf(schema, resolve), SAMPLES))
        for (const part of objectsIn(body)) {
          part['field_of_nobody'] = 1
          expect(refusalOf(route.shapes.body, body), JSON.stringify(body)).toBeDefined()
          delete part['field_of_nobody']
        }
    },
  )
})

describe('the query of', () => {
  it.each(withQuery)('$name is taken by the server as the document permits it', ({ route, query }) => {
    const schema: JsonSchema = {
      type: 'object',
      properties: Object.fromEntries(
        // A token of a page is whatever the page before has answered.
        query.filter(({ name }) => name !== 'page_token').map((one) => [one.name, one.schema]),
      ),
      required: query.filter(({ required }) => required === true).map(({ name }) => name),
    }
    for (const value of fc.sample(valuesOf(schema, resolve), SAMPLES)) {
      const sent = Object.fromEntries(
        Object.entries(value as object).map(([name, one]) => [name, String(one)]),
      )
      expect(refusalOf(route.shapes.query, sent), JSON.stringify(sent)).toBeUndefined()
    }
  })
})
