/** Renders the table by which the client calls the REST API: packages/client/src/rest/operations.ts. */
import type { Contract, DeclaredOperation, JsonSchema } from './read-services.ts'

const HEAD = `/** Every operation of the REST API, as data: rendered by \`npm run docs\` from contract/operations, where it is to be changed. */
import type { Services } from '../contract/operations/services.ts'

/** What a value of a request is: text, a number, true or false, or JSON. */
export type FieldKind = 'string' | 'number' | 'boolean' | 'json'

/** How an operation is called. */
export interface OperationRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With \`{name}\` for each parameter. */
  readonly path: string
  /** The least scope that a token needs. */
  readonly scope: 'postgres' | 'all-apis' | 'none'
  /** Names of what must be given, wherever it goes. */
  readonly required: readonly string[]
  /** What goes behind the question mark. */
  readonly query: Readonly<Record<string, FieldKind>>
  /** The fields of the body; absent when there is none. */
  readonly body?: Readonly<Record<string, FieldKind>>
  /** The field of the answer that holds the items of a list with pages. */
  readonly items?: string
  /** What it does, in a sentence. */
  readonly summary: string
}

/** Every operation, by service and name. */
// prettier-ignore
export const OPERATIONS: { readonly [Service in keyof Services]: { readonly [Name in keyof Services[Service]]: OperationRow } } = {
`

export function renderTable({ services, operations, definitions }: Contract): string {
  const kindOf = (schema: JsonSchema): string => {
    const resolved = resolve(schema)
    const types = (resolved.anyOf ?? [resolved]).map((one) => resolve(one)).flatMap(({ type }) => type ?? [])
    const [only, ...others] = types.filter((type) => type !== 'null')
    return only !== undefined && others.length === 0 && ['string', 'number', 'boolean'].includes(only)
      ? only
      : 'json'
  }
  const resolve = (schema: JsonSchema): JsonSchema => {
    const name = schema.$ref?.slice('#/definitions/'.length)
    return name === undefined ? schema : resolve(definitions[name] ?? {})
  }
  const kindsOf = ({ properties = {} }: JsonSchema): Record<string, string> =>
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, kindOf(schema)]))
  const rowOf = ({ method, path, scope, parameters, query, body, items, summary }: DeclaredOperation) => {
    const shape = body === undefined ? undefined : resolve(body)
    const required = [parameters, query, shape ?? {}].flatMap((part) => part.required ?? [])
    return {
      method,
      path,
      scope,
      required: [...new Set(required)],
      query: kindsOf(query),
      ...(shape === undefined ? {} : { body: kindsOf(shape) }),
      ...(items === undefined ? {} : { items }),
      summary,
    }
  }
  const rows = services.map(({ name }) => {
    const own = operations.filter(({ service }) => service === name)
    const lines = own.map((operation) => `    ${operation.name}: ${literal(rowOf(operation))},\n`)
    return `  ${name}: {\n${lines.join('')}  },\n`
  })
  return `${HEAD}${rows.join('')}}\n`
}

/** As a person would write it: names without quotes, texts in single ones. */
function literal(value: unknown): string {
  if (typeof value === 'string')
    return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll('\\', '\\\\')}'`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${/^[a-z_$][\w$]*$/i.test(name) ? name : `'${name}'`}: ${literal(member)}`,
  )
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
