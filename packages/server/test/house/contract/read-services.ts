/** Reads the REST contract (packages/client/src/contract) as JSON Schema: every operation of every service, and the types that they name. */
import path from 'node:path'
import { createGenerator } from 'ts-json-schema-generator'
import { REPOSITORY } from '../sources.ts'

export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly [keyword: string]: unknown
}

/** An operation as its interface declares it. */
export interface DeclaredOperation {
  readonly service: string
  readonly name: string
  /** The first sentence of its docstring, and all of it. */
  readonly summary: string
  readonly description: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly scope: 'postgres' | 'all-apis' | 'none'
  readonly parameters: JsonSchema
  readonly query: JsonSchema
  readonly headers: JsonSchema
  readonly body: JsonSchema | undefined
  readonly isBodyRequired: boolean
  readonly status: number
  readonly answer: JsonSchema
  readonly items: string | undefined
}

export interface Contract {
  readonly services: readonly { readonly name: string; readonly description: string }[]
  readonly operations: readonly DeclaredOperation[]
  /** Types by name, as `#/definitions/<name>` refers to them. */
  readonly definitions: Readonly<Record<string, JsonSchema>>
}

const CLIENT = path.join(REPOSITORY, 'packages/client')

/** @param type a type that the contract exports, and whatever it refers to */
function schemaOf(type: string): Readonly<Record<string, JsonSchema>> {
  const generator = createGenerator({
    path: path.join(CLIENT, 'src/contract/index.ts'),
    tsconfig: path.join(CLIENT, 'tsconfig.json'),
    type,
    expose: 'export',
    topRef: true,
    jsDoc: 'extended',
    skipTypeCheck: true,
    additionalProperties: false,
    sortProps: false,
    encodeRefs: false,
  })
  // Ours is a part of the type of JSON Schema, so that parts can be read without asking for booleans everywhere.
  const schema: unknown = generator.createSchema(type).definitions
  return schema as Readonly<Record<string, JsonSchema>>
}

let read: Contract | undefined

/** The same for all files of a worker: reading takes seconds. */
export function readContract(): Contract {
  return (read ??= readServices())
}

function readServices(): Contract {
  const definitions = schemaOf('Services')
  const resolve = (schema: JsonSchema | undefined): JsonSchema => {
    const name = schema?.$ref?.slice('#/definitions/'.length)
    return name === undefined ? (schema ?? {}) : resolve(definitions[name])
  }
  const services = Object.entries(resolve(definitions['Services']).properties ?? {})
  return {
    services: services.map(([name, { description = '' }]) => ({ name, description })),
    operations: services.flatMap(([service, type]) =>
      Object.entries(resolve(type).properties ?? {}).map(([name, operation]) =>
        readOperation(service, name, operation, resolve),
      ),
    ),
    definitions: { ...definitions, ...schemaOf('ErrorBody'), ...schemaOf('ScimErrorBody') },
  }
}

function readOperation(
  service: string,
  name: string,
  { description = '', properties = {}, required = [] }: JsonSchema,
  resolve: (schema: JsonSchema | undefined) => JsonSchema,
): DeclaredOperation {
  const constant = (member: string): unknown => resolve(properties[member]).const
  return {
    service,
    name,
    summary: /^.*?[.](?=\s|$)/s.exec(description)?.[0] ?? description,
    description,
    method: constant('method') as DeclaredOperation['method'],
    path: String(constant('path')),
    scope: constant('scope') as DeclaredOperation['scope'],
    parameters: resolve(properties['parameters']),
    query: resolve(properties['query']),
    headers: resolve(properties['headers']),
    body: properties['body'],
    isBodyRequired: required.includes('body'),
    status: (constant('status') as number | undefined) ?? 200,
    answer: properties['answer'] ?? {},
    items: constant('items') as string | undefined,
  }
}
