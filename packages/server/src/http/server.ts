/**
 * The HTTP server: bounds on everything that comes in, authentication before a body is read, one shape for
 * errors, an access log without secrets. What is mounted beside it (the OAuth server) gets its requests whole.
 */
import { randomUUID } from 'node:crypto'
import type { RequestListener, Server } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Workspace } from '../domain/workspace.ts'
import type { AuthenticateBearer } from '../operations/authenticate-bearer.ts'
import { RefusedError } from '../operations/refused-error.ts'
import type { Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import { toHttpError } from './error-body.ts'
import { parseJsonBody } from './json-body.ts'
import type { HttpListener } from './listener.ts'
import type { Answer, PublicRoute, Route, Transfer } from './route.ts'
import { createTransfers, type Transfers } from './transfers.ts'

export interface HttpLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface HttpDependencies {
  readonly authenticate: AuthenticateBearer
  /** By the Host header. */
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly routes: readonly Route[]
  readonly publicRoutes: readonly PublicRoute[]
  /** Request handlers that own everything below a prefix, such as `/oidc`. */
  readonly mounts: readonly { readonly prefix: string; readonly handle: RequestListener }[]
  readonly log: HttpLog
}

export interface HttpServer {
  /** From here on the listener answers with the routes. */
  start(): Promise<void>
  /** Takes no new requests, lets those under way finish, then closes what is left. */
  stop(): Promise<void>
}

const LARGEST_BODY = 1024 * 1024
const REQUEST_ID_HEADER = 'x-request-id'

export function createHttpServer(dependencies: HttpDependencies, listener: HttpListener): HttpServer {
  let handle: RequestListener | undefined
  const fastify = createFastify(dependencies, (own) => {
    handle = own
    return listener.server
  })
  return {
    async start() {
      await fastify.ready()
      listener.serve((request, response) => {
        const mount = dependencies.mounts.find(
          ({ prefix }) => request.url === prefix || request.url?.startsWith(`${prefix}/`) === true,
        )
        const responder = mount?.handle ?? handle
        responder?.(request, response)
      })
    },
    async stop() {
      await listener.close()
      await fastify.close()
    },
  }
}

function createFastify(
  dependencies: HttpDependencies,
  serverFactory: (handle: RequestListener) => Server,
): FastifyInstance {
  const { log } = dependencies
  const fastify = Fastify({
    bodyLimit: LARGEST_BODY,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, log)
    },
    serverFactory,
  })
  fastify.removeAllContentTypeParsers()
  // SCIM clients name their own type (RFC 7644 §3.1); both are JSON.
  fastify.addContentTypeParser(
    /^application\/(scim\+)?json($|;)/,
    { parseAs: 'buffer' },
    (_request, body: Buffer, done) => {
      try {
        done(null, parseJsonBody(body))
      } catch (error) {
        done(error as Error)
      }
    },
  )
  fastify.addHook('onSend', (request, reply, payload, done) => {
    void reply.headers({
      [REQUEST_ID_HEADER]: request.id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    })
    done(null, payload)
  })
  fastify.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        requestId: request.id,
        method: request.method,
        // Without the query, which is the caller's business.
        path: request.url.split('?')[0],
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
      },
      'http request',
    )
    done()
  })
  fastify.setErrorHandler((error, request, reply) => {
    sendError(error, request, reply, log)
  })
  fastify.setNotFoundHandler((request) => {
    const [path = ''] = request.url.split('?')
    throw new RefusedError(refuse('endpoint_not_found', { method: request.method, path: path.slice(0, 256) }))
  })
  for (const route of dependencies.publicRoutes) {
    fastify.get<{ Querystring: Record<string, unknown> }>(route.path, async (request, reply) =>
      send(reply, await route.answer(await dependencies.workspaceAt(request.headers.host), request.query)),
    )
  }
  const transfers = createTransfers()
  for (const route of dependencies.routes) {
    if (route.transfer?.body !== 'bytes') addRoute(fastify, route, dependencies, transfers)
    else {
      void fastify.register((scope, _options, done) => {
        takeBytes(scope)
        addRoute(scope, route, dependencies, transfers)
        done()
      })
    }
  }
  return fastify
}

/** A JSON file is a file too: its content type says nothing about how the body is to be read. */
function takeBytes(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
}

function addRoute(
  fastify: FastifyInstance,
  route: Route,
  { authenticate, workspaceAt }: HttpDependencies,
  transfers: Transfers,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  fastify.route({
    method: route.method,
    url: route.path,
    ...(route.transfer === undefined ? {} : { bodyLimit: route.transfer.largestBody }),
    // Before the body is read: a stranger gets no work done.
    onRequest: async (request, reply) => {
      if (request.url.includes('%00'))
        throw new RefusedError(refuse('malformed_request', { problem: 'path: it holds a zero character.' }))
      const workspace = await workspaceAt(request.headers.host)
      const caller = await authenticate(bearerOf(request), workspace.id)
      callers.set(request, caller)
      if (route.transfer !== undefined) beginTransfer(transfers, caller, route.transfer, request, reply)
    },
    handler: async (request, reply) => {
      const caller = callers.get(request)
      if (caller === undefined) throw new Error('a request reached its route without a caller')
      return send(
        reply,
        await route.answer({
          params: request.params,
          query: request.query,
          body: request.body,
          caller,
          headers: {
            ifMatch: request.headers['if-match'],
            ifNoneMatch: request.headers['if-none-match'],
          },
        }),
      )
    },
  })
}

/** Until the answer is out, or the client is gone. */
function beginTransfer(
  transfers: Transfers,
  caller: Caller,
  { largestBody, largestAnswer }: Transfer,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // Gone while the caller was looked up: its end was told already, and nobody would give the room back.
  if (reply.raw.closed)
    throw new RefusedError(refuse('malformed_request', { problem: 'The client is gone.' }))
  const { 'transfer-encoding': isChunked, 'content-length': length = '0' } = request.headers
  // What is announced as larger is refused before it is read.
  const body = isChunked === undefined ? Math.min(Number(length), largestBody) : largestBody
  const end = transfers.begin(caller.identity.id, body + largestAnswer, () => {
    reply.raw.destroy()
  })
  if (end === undefined) throw new RefusedError(refuse('too_many_transfers'))
  reply.raw.once('close', end)
}

/** RFC 6750 §2.1; the scheme in any letter case. */
function bearerOf(request: FastifyRequest): string | undefined {
  return /^bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.body === undefined)
    return reply
      .status(answer.status ?? 204)
      .headers({ ...answer.headers })
      .send()
  if (answer.body instanceof Uint8Array) {
    // Somebody's file, served under our name: to be kept, never to be shown or run.
    const headers = { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' }
    return reply
      .status(answer.status ?? 200)
      .headers({ ...answer.headers, ...headers })
      .send(answer.body)
  }
  return reply
    .status(answer.status ?? 200)
    .headers({ ...answer.headers, 'content-type': 'application/json; charset=utf-8' })
    .send(JSON.stringify(answer.body))
}

/** RFC 7644 §3.12: errors below these paths also name the schema and the status. */
const isScim = (request: FastifyRequest): boolean => request.url.includes('/scim/v2/')

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: HttpLog): void {
  const rendered = toHttpError(error, request.id, {
    shape: isScim(request) ? 'scim' : 'databricks',
    largestBody: request.routeOptions.bodyLimit,
  })
  if (rendered.isOurs) log.error({ err: error, requestId: request.id }, 'a request failed')
  send(reply, rendered)
}
