/**
 * How an API declares a route: method, path, the shapes it takes, and what it does. The server adds what is the
 * same for all of them: authentication before anything is read, validation that names the field, errors.
 */
import type { z } from 'zod'
import type { Workspace } from '../domain/workspace.ts'
import type { Caller } from '../policy/permissions.ts'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Undefined for an answer without one; bytes are sent as they are, everything else as JSON. */
  readonly body: unknown
}

export interface RouteRequest<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  readonly headers: RequestHeaders
}

/** The headers that routes read. */
export interface RequestHeaders {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** Of routes that take or give more than the others; how many of them run at once is bounded (transfers.ts). */
export interface Transfer {
  /** Taken as JSON, or as the bytes that they are whatever their content type says. */
  readonly body: 'json' | 'bytes'
  readonly largestBody: number
  /** 0: an answer like all others. */
  readonly largestAnswer: number
}

export interface RouteDefinition<Params, Query, Body> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As fastify takes it: `:name` is a parameter, `::` a colon. */
  readonly path: string
  /** Scopes that open it besides `all-apis`. */
  readonly scopes: readonly string[]
  readonly params: z.ZodType<Params>
  readonly query: z.ZodType<Query>
  readonly body: z.ZodType<Body>
  readonly transfer?: Transfer
  handle(request: RouteRequest<Params, Query, Body>): Promise<Answer>
}

/** A route with its shapes checked away; what a list of routes consists of. */
export interface Route {
  readonly method: RouteDefinition<never, never, never>['method']
  readonly path: string
  readonly scopes: readonly string[]
  readonly transfer: Transfer | undefined
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
  answer(workspace: Workspace, query: Readonly<Record<string, unknown>>): Promise<Answer>
}
