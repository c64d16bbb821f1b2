/** Turns a route definition into a route that validates its input and names the field that is wrong. */
import type { z } from 'zod'
import { refused } from '../operations/refused-error.ts'
import type { Route, RouteDefinition } from './route.ts'

export function defineRoute<Params, Query, Body>(definition: RouteDefinition<Params, Query, Body>): Route {
  const { method, path, scopes } = definition
  return {
    method,
    path,
    scopes,
    transfer: definition.transfer,
    shapes: { params: definition.params, query: definition.query, body: definition.body },
    answer({ caller, ...request }) {
      return definition.handle({
        params: parse(definition.params, request.params, 'path'),
        query: parse(definition.query, request.query, 'query'),
        body: parse(definition.body, request.body, 'body'),
        caller,
        headers: request.headers,
      })
    },
  }
}

function parse<Shape>(shape: z.ZodType<Shape>, value: unknown, place: string): Shape {
  const parsed = shape.safeParse(value, { error: sayWhatIsMissing })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refused('invalid_parameter', describe(issue, place))
}

/** Messages in plain words; a message of the shape itself takes precedence. */
const sayWhatIsMissing: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type' || issue.input !== undefined) return undefined
  if (issue.expected === 'nonoptional') return 'it is missing.'
  return (issue.path ?? []).length === 0 && issue.expected === 'object'
    ? 'it is missing; send a JSON object.'
    : `it is missing; expected ${issue.expected}.`
}

/** The path of the field, with dots, and what is wrong with it; never the value, which may be a secret. */
function describe(issue: z.core.$ZodIssue | undefined, place: string): { field: string; problem: string } {
  if (issue === undefined) return { field: place, problem: 'it is not valid.' }
  const field = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return { field: field === '' ? key : `${field}.${key}`, problem: 'this field is not known.' }
  }
  return { field: field === '' ? place : field, problem: issue.message }
}
