/** The errors that an operation may answer with: by status, with the refusals that have it. */
import type { RefusalDefinition } from '../../../src/policy/refusal-definition.ts'
import { REFUSALS } from '../../../src/policy/refusal-table.ts'
import type { DeclaredOperation } from './read-services.ts'

type Json = Record<string, unknown>

const TITLES: Readonly<Record<string, readonly [name: string, meaning: string]>> = {
  '400': ['BadRequest', 'The request is not valid; the message names the field.'],
  '401': ['Unauthenticated', 'There is no token, or it is not valid here.'],
  '403': ['PermissionDenied', 'The caller may not do this, or the token has not the scope for it.'],
  '404': ['NotFound', 'It does not exist, or the caller may not see it.'],
  '409': ['Conflict', 'It exists already, or its state does not permit this now.'],
  '412': ['VersionConflict', 'It has changed since it was read.'],
  '429': ['TooManyRequests', 'Too much at once; try again after `Retry-After`.'],
  '500': ['InternalError', 'A fault of the server; the message names a reference for its log.'],
  '503': ['Unavailable', 'The server cannot do its work now; try again after `Retry-After`.'],
}

const REFUSED: readonly (readonly [string, RefusalDefinition])[] = Object.entries(REFUSALS)
const reasonsFor = (status: string): readonly string[] =>
  REFUSED.filter(([, { http }]) => String(http?.status) === status).map(
    ([name]) => `\`${name.toUpperCase()}\``,
  )

function responseOf(status: string, schema: 'ErrorBody' | 'ScimErrorBody'): Json {
  const [, meaning = ''] = TITLES[status] ?? []
  const reasons = reasonsFor(status)
  return {
    description: reasons.length === 0 ? meaning : `${meaning} Reasons: ${reasons.join(', ')}.`,
    ...(status === '429' || status === '503'
      ? {
          headers: {
            'Retry-After': {
              description: 'Seconds until a retry is reasonable.',
              schema: { type: 'integer' },
            },
          },
        }
      : {}),
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } },
  }
}

/** In the components of the document; those of SCIM also have what RFC 7644 requires. */
export const ERROR_RESPONSES: Json = Object.fromEntries(
  Object.entries(TITLES).flatMap(([status, [name]]) => [
    [name, responseOf(status, 'ErrorBody')],
    [`Scim${name}`, responseOf(status, 'ScimErrorBody')],
  ]),
)

export function errorsOf({ method, path, scope, query, headers }: DeclaredOperation, isScim: boolean): Json {
  const reads = method === 'GET'
  const statuses = [
    // Of any request: its path may be malformed.
    '400',
    ...(scope === 'none' ? [] : ['401', '403']),
    ...(path.includes('{') || query.properties?.['path'] !== undefined || !reads ? ['404'] : []),
    ...(query.properties?.['uid'] !== undefined ? ['404'] : []),
    ...(reads ? [] : ['409']),
    ...(headers.properties === undefined && !path.includes('saved-queries/{') ? [] : ['412']),
    '429',
    '500',
    '503',
  ]
  return Object.fromEntries(
    [...new Set(statuses)].map((status) => [
      status,
      { $ref: `#/components/responses/${isScim ? 'Scim' : ''}${TITLES[status]?.[0] ?? ''}` },
    ]),
  )
}
