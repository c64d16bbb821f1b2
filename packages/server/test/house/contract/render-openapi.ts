/**
 * Renders the OpenAPI document from the contract: names and sentences are those of its types and docstrings, limits and
 * formats of what callers send are those of the server's own shapes.
 */
import { z } from 'zod'
import type { Route } from '../../../src/http/route.ts'
import { addLimits } from './add-limits.ts'
import { ERROR_RESPONSES, errorsOf } from './error-responses.ts'
import { EXAMPLES } from './examples.ts'
import type { Contract, DeclaredOperation, JsonSchema } from './read-services.ts'

type Json = Record<string, unknown>

/** @param routeOf the route of the server that answers an operation; undefined for a public one */
export function renderOpenApi(
  contract: Contract,
  routeOf: (operation: DeclaredOperation) => Pick<Route, 'shapes'> | undefined,
): Json {
  const schemas = componentsOf(contract)
  const paths: Record<string, Json> = {}
  for (const operation of contract.operations) {
    const shapes = routeOf(operation)?.shapes
    if (operation.body !== undefined && shapes !== undefined)
      addLimits(operation.body, z.toJSONSchema(shapes.body, LENIENT), schemas)
    const entry = (paths[operation.path] ??= {})
    entry[operation.method.toLowerCase()] = renderOperation(operation, shapes)
  }
  return toComponents({
    openapi: '3.1.1',
    info: {
      title: 'Lakegate',
      version: '2.0',
      summary: 'Identity login for PostgreSQL, compatible with Databricks Lakebase.',
      description:
        'Paths, fields and error codes are those of the Databricks REST API; what is beyond it is below `/api/2.0/lakegate`. Lists with `next_page_token` are read by passing it as `page_token` until it is absent, lists of SCIM by passing `startIndex` until `totalResults` have been read.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // The server puts its own address here, and in front of the URLs of OAuth.
    servers: [{ url: '/' }],
    tags: contract.services.map(({ name, description }) => ({ name, description })),
    paths,
    components: { schemas, responses: ERROR_RESPONSES, securitySchemes: SECURITY_SCHEMES },
  }) as Json
}

/** What a shape cannot say in JSON Schema is left to the contract. */
const LENIENT = { io: 'input', unrepresentable: 'any' } as const

const SCOPES = {
  'all-apis': 'Everything that the caller may do.',
  postgres: 'Database instances and logins to them; not identities, tokens and files.',
}

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token of OAuth, or a personal access token.',
  },
  oauth2: {
    type: 'oauth2',
    description:
      'A service principal uses its application id and a secret; a person signs in with a browser (PKCE, RFC 7636).',
    flows: {
      clientCredentials: { tokenUrl: '/oidc/v1/token', scopes: SCOPES },
      authorizationCode: {
        authorizationUrl: '/oidc/v1/authorize',
        tokenUrl: '/oidc/v1/token',
        refreshUrl: '/oidc/v1/token',
        scopes: { ...SCOPES, offline_access: 'A refresh token as well.' },
      },
    },
  },
}

/** `all-apis` contains `postgres`. */
const SECURITY = {
  none: [],
  postgres: [{ bearer: [] }, { oauth2: ['postgres'] }, { oauth2: ['all-apis'] }],
  'all-apis': [{ bearer: [] }, { oauth2: ['all-apis'] }],
}

const isScim = ({ path }: DeclaredOperation): boolean => path.includes('/scim/v2/')

function renderOperation(operation: DeclaredOperation, shapes: Route['shapes'] | undefined): Json {
  const { service, name, body, answer, status, scope, path } = operation
  const id = `${service}.${name}`
  const parameters = [
    ...parametersOf(operation.parameters, 'path', shapes?.params),
    ...parametersOf(operation.query, 'query', shapes?.query),
    ...parametersOf(operation.headers, 'header', undefined),
  ]
  const inBody = { schema: body, ...exampleOf(EXAMPLES[id]?.request) }
  const content = { 'application/json': { schema: answer, ...exampleOf(EXAMPLES[id]?.answer) } }
  return {
    operationId: id,
    tags: [service],
    summary: operation.summary.slice(0, -1),
    description: operation.description,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: operation.isBodyRequired,
            content: {
              'application/json': inBody,
              ...(isScim(operation) ? { 'application/scim+json': inBody } : {}),
            },
          },
        }),
    responses: {
      [String(status)]:
        status === 204
          ? { description: 'Done.' }
          : { description: DESCRIPTION_OF[status] ?? 'Done.', content },
      ...(path.endsWith('z')
        ? { '503': { description: 'It is not.', content } }
        : errorsOf(operation, isScim(operation))),
    },
    security: SECURITY[scope],
  }
}

const DESCRIPTION_OF: Readonly<Record<number, string>> = { 200: 'The answer.', 201: 'It was created.' }

const exampleOf = (example: unknown): Json => (example === undefined ? {} : { example })

function parametersOf(
  { properties = {}, required = [] }: JsonSchema,
  place: 'path' | 'query' | 'header',
  shape: z.ZodType | undefined,
): readonly Json[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const rendered: Json = { ...schema }
    if (shape !== undefined && place === 'query')
      for (const io of ['input', 'output'] as const) {
        const { properties: limits = {} } = z.toJSONSchema(shape, { ...LENIENT, io })
        addLimits(rendered, limits[name] ?? {}, {})
      }
    // A path without the parameter would be another path.
    if (place === 'path') rendered['minLength'] ??= 1
    return {
      name,
      in: place,
      description,
      ...(place === 'path' || required.includes(name) ? { required: true } : {}),
      schema: rendered,
    }
  })
}

/** Types of the contract that the document names; services and their parts are not among them. */
function componentsOf({ operations, definitions }: Contract): Record<string, Json> {
  const found = new Map<string, Json>()
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect)
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      if (key !== '$ref') collect(member)
      else {
        const name = String(member).slice('#/definitions/'.length)
        const definition = definitions[name]
        if (found.has(name) || definition === undefined) continue
        found.set(name, structuredClone(definition))
        collect(definition)
      }
    }
  }
  // What callers send stays closed, as the server refuses unknown fields; answers may get more fields later.
  collect(operations.map(({ body }) => body))
  const sent = new Set(found.keys())
  collect(operations.map(({ answer }) => answer))
  collect([{ $ref: '#/definitions/ErrorBody' }, { $ref: '#/definitions/ScimErrorBody' }])
  // RFC 7644 §3.9: a caller may ask for fewer attributes, but for these.
  const projected = operations.filter(({ query }) => query.properties?.['attributes'] !== undefined)
  for (const name of ['ScimUser', 'ScimServicePrincipal', 'ScimGroup'])
    if (projected.some(({ answer }) => answer.$ref?.endsWith(name) === true))
      Object.assign(found.get(name) ?? {}, { required: ['schemas', 'id'] })
  for (const [name, schema] of found) {
    if (name === 'EmptyAnswer') Object.assign(schema, { additionalProperties: false })
    else if (!sent.has(name)) open(schema)
  }
  return Object.fromEntries([...found].sort(([one], [other]) => (one < other ? -1 : 1)))
}

function open(schema: unknown): void {
  if (Array.isArray(schema)) schema.forEach(open)
  if (typeof schema !== 'object' || schema === null) return
  if ('additionalProperties' in schema && schema.additionalProperties === false)
    delete schema.additionalProperties
  Object.values(schema).forEach(open)
}

/** Numbers that are no whole ones. */
const FRACTIONS = ['login_milliseconds_p50', 'login_milliseconds_p99']

/** Refers to components, and says of every number and time in its place what is known by its name. */
function toComponents(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => toComponents(one, name))
  if (typeof value !== 'object' || value === null) return value
  const rendered: Record<string, unknown> = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'const' || !('enum' in value))
      .map(([key, member]) =>
        key === '$ref' && String(member).startsWith('#/definitions/')
          ? [key, `#/components/schemas/${componentName(String(member).slice('#/definitions/'.length))}`]
          : key === 'schemas' && name === 'components'
            ? [
                key,
                Object.fromEntries(
                  Object.entries(member as object).map(([type, schema]) => [
                    componentName(type),
                    toComponents(schema, type),
                  ]),
                ),
              ]
            : // What an example says is shown as it is.
              [key, key === 'example' ? member : toComponents(member, key === 'items' ? name : key)],
      ),
  )
  if (rendered['type'] === 'number' && !FRACTIONS.includes(name))
    return { ...rendered, type: 'integer', format: rendered['format'] ?? 'int64' }
  if (rendered['type'] === 'string' && rendered['format'] === undefined && /(?:^|_)time$/.test(name))
    return { ...rendered, format: 'date-time' }
  return rendered
}

/** `ScimListResponse<ScimUser>` is `ScimUserList` there: names of components have no brackets. */
const componentName = (type: string): string => type.replace(/^ScimListResponse<(\w+)>$/, '$1List')
