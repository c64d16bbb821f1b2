/**
 * How an API declares a route: method, path, input shapes, and handler. The server adds what all routes have in common:
 * authentication before anything is read, validation that names the wrong field, errors.
 */
import type { z } from 'zod'
import type { Workspace } from '../domain/workspace.ts'
import type { Caller } from '../policy/permissions.ts'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Undefined for an answer without a body; bytes are sent unchanged, everything else as JSON. */
  readonly body: unknown
}

export interface RouteRequest<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  readonly headers: RequestHeaders
}

/** The request headers that routes read. */
export interface RequestHeaders {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/**
 * For routes with larger bodies or answers than others; the number of them that run at once is limited (transfers.ts).
 */
export interface Transfer {
  /** Parsed as JSON, or taken as bytes whatever the content type is. */
  readonly body: 'json' | 'bytes'
  readonly largestBody: number
  /** 0 means an answer of ordinary size. */
  readonly largestAnswer: number
}

export interface RouteDefinition<Params, Query, Body> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In fastify's syntax: `:name` is a parameter, `::` a colon. */
  readonly path: string
  /** Scopes that give access to it, in addition to `all-apis`. */
  readonly scopes: readonly string[]
  readonly params: z.ZodType<Params>
  readonly query: z.ZodType<Query>
  readonly body: z.ZodType<Body>
  readonly transfer?: Transfer
  handle(request: RouteRequest<Params, Query, Body>): Promise<Answer>
}

/** A route without the types of its shapes; lists of routes contain these. */
export interface Route {
  readonly method: RouteDefinition<never, never, never>['method']
  readonly path: string
  readonly scopes: readonly string[]
  readonly transfer: Transfer | undefined
  /** What `answer` accepts; the OpenAPI document is rendered from them. */
  readonly shapes: Pick<RouteDefinition<unknown, unknown, unknown>, 'params' | 'query' | 'body'>
  answer(request: {
    readonly params: unknown
    readonly query: unknown
    readonly body: unknown
    readonly caller: Caller
    readonly headers: RequestHeaders
  }): Promise<Answer>
}

/** A route that anybody may call, such as discovery. */
export interface PublicRoute {
  readonly method: 'GET'
  readonly path: string
  answer(
    workspace: Workspace,
    query: Readonly<Record<string, unknown>>,
    headers: RequestHeaders,
  ): Promise<Answer>
}
