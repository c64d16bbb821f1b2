/** Creates a refusal from its entry in the table, and renders it; refusal texts are written nowhere else. */
import type { HttpRefusal, PostgresRefusal, RefusalDefinition } from './refusal-definition.ts'
import { REFUSALS } from './refusal-table.ts'

export type RefusalName = keyof typeof REFUSALS

/** The `{parameters}` named in any text of one entry. */
type ParametersIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParametersIn<Rest>
  : never
type TextsIn<Channel> = Channel[keyof Channel]
type TextsOf<Definition> =
  | (Definition extends { readonly postgres: infer Channel } ? TextsIn<Channel> : never)
  | (Definition extends { readonly http: infer Channel } ? TextsIn<Channel> : never)
type ParameterNames<Name extends RefusalName> = ParametersIn<TextsOf<(typeof REFUSALS)[Name]>>
export type RefusalParameters<Name extends RefusalName> = { readonly [Key in ParameterNames<Name>]: string }

export interface Refusal {
  readonly outcome: 'refused'
  readonly name: RefusalName
  readonly parameters: Readonly<Record<string, string>>
  /** For the audit record only, never for the client. */
  readonly auditDetail: string | undefined
}

export type RefuseArguments<Name extends RefusalName> = [ParameterNames<Name>] extends [never]
  ? [parameters?: undefined, auditDetail?: string]
  : [parameters: RefusalParameters<Name>, auditDetail?: string]

/** Creates the value of one refusal; the compiler requires exactly the parameters that its texts use. */
export function refuse<Name extends RefusalName>(name: Name, ...rest: RefuseArguments<Name>): Refusal {
  return { outcome: 'refused', name, parameters: rest[0] ?? {}, auditDetail: rest[1] }
}

/** Fills in the parameters of one text. Inserted values are not scanned for further parameters. */
export function renderRefusalText(text: string, parameters: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => parameters[name] ?? placeholder).trim()
}

/** The refusal for a PostgreSQL client; undefined when the table has no PostgreSQL texts for it. */
export function toPostgresRefusal(refusal: Refusal): PostgresRefusal | undefined {
  const definition: RefusalDefinition = REFUSALS[refusal.name]
  const { postgres } = definition
  if (postgres === undefined) return undefined
  const render = (text: string) => renderRefusalText(text, refusal.parameters)
  return {
    sqlstate: postgres.sqlstate,
    message: render(postgres.message),
    ...(postgres.detail === undefined ? {} : { detail: render(postgres.detail) }),
    ...(postgres.hint === undefined ? {} : { hint: render(postgres.hint) }),
  }
}

/** The refusal for an HTTP client; undefined when the table has no HTTP texts for it. */
export function toHttpRefusal(refusal: Refusal): HttpRefusal | undefined {
  const definition: RefusalDefinition = REFUSALS[refusal.name]
  const { http } = definition
  return http === undefined
    ? undefined
    : { ...http, message: renderRefusalText(http.message, refusal.parameters) }
}
