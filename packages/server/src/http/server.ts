/**
 * The HTTP server: limits on all input, authentication before a body is read, one format for errors, an access log
 * without secrets. Handlers that are mounted beside it (the OAuth server) get their requests unread.
 */
import { randomUUID } from 'node:crypto'
import type { RequestListener, Server } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Workspace } from '../domain/workspace.ts'
import type { AuthenticateBearer } from '../operations/credentials/authenticate-bearer.ts'
import { refused, requirePermitted } from '../operations/refused-error.ts'
import { decideScope, type Caller } from '../policy/permissions.ts'
import { answerRefusal } from './answer-refusal.ts'
import type { CloseConnection, TakeUpgrade } from './connections.ts'
import { CONSOLE_API_PREFIX, consolePathOf } from './console/api.ts'
import { addSessionRoutes, type SessionRoutePorts } from './console/session-routes.ts'
import { toHttpError } from './error-body.ts'
import { parseJsonBody } from './json-body.ts'
import type { HttpListener } from './listener.ts'
import { judgePlainHttp, type PlainHttpSettings } from './plain-http.ts'
import type { Answer, PublicRoute, RequestHeaders, Route } from './route.ts'
import { beginTransfer, takeBytes } from './transfer-routes.ts'
import { createTransfers, type Transfers } from './transfers.ts'

export interface HttpLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface HttpDependencies {
  readonly authenticate: AuthenticateBearer
  /** Finds the workspace by the Host header. */
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly routes: readonly Route[]
  readonly publicRoutes: readonly PublicRoute[]
  /** Request handlers for everything below a prefix, such as `/oidc`. */
  readonly mounts: readonly Mount[]
  /** The same routes for a browser that has the cookie of the console. */
  readonly console: {
    readonly callerOf: (request: FastifyRequest, workspace: Workspace) => Promise<Caller>
    readonly session: SessionRoutePorts
  }
  /** Handlers of connections that switch to another protocol, by their exact path. */
  readonly upgrades: readonly { readonly path: string; readonly take: TakeUpgrade }[]
  readonly plainHttp: PlainHttpSettings
  readonly closeConnection: CloseConnection
  readonly log: HttpLog
}

export interface Mount {
  readonly prefix: string
  readonly handle: RequestListener
}

export interface HttpServer {
  /** From now on the listener answers with the routes. */
  start(): Promise<void>
  /** Accepts no new requests, lets those in progress finish, then closes the rest. */
  stop(): Promise<void>
}

const LARGEST_BODY = 1024 * 1024
const REQUEST_ID_HEADER = 'x-request-id'

export function createHttpServer(dependencies: HttpDependencies, listener: HttpListener): HttpServer {
  let handle: RequestListener | undefined
  const toRoutes: RequestListener = (request, response) => handle?.(request, response)
  // The API of the console is below the path of its pages, but the routes answer it.
  const mounts = [...dependencies.mounts, { prefix: CONSOLE_API_PREFIX, handle: toRoutes }]
  const fastify = createFastify(dependencies, (own) => {
    handle = own
    return listener.server
  })
  return {
    async start() {
      await fastify.ready()
      listener.serve((request, response) => {
        const refusal = judgePlainHttp(request, dependencies.plainHttp)
        if (refusal !== undefined) {
          // The path is not logged, because it may contain a sign-in link.
          const peer = request.socket.remoteAddress
          dependencies.log.info({ method: request.method, peer }, 'plain HTTP was refused')
          answerRefusal(response, refusal)
          return
        }
        const responder = mountAt(request.url, mounts) ?? handle
        responder?.(request, response)
      }, takeUpgrade(dependencies))
    },
    async stop() {
      await listener.close()
      await fastify.close()
    },
  }
}

/** The handler with the longest prefix of the path; the query is ignored. */
function mountAt(url: string | undefined, mounts: readonly Mount[]): RequestListener | undefined {
  const path = url?.split('?')[0] ?? ''
  return mounts
    .filter(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
    .reduce<Mount | undefined>(
      (longest, mount) => (mount.prefix.length > (longest?.prefix.length ?? 0) ? mount : longest),
      undefined,
    )?.handle
}

/** A request that may not be sent in clear text, or that no handler takes, is answered like an ordinary request. */
const takeUpgrade =
  ({ upgrades, plainHttp }: HttpDependencies): TakeUpgrade =>
  (request, socket, head) => {
    const [path] = request.url?.split('?') ?? []
    const upgrade = upgrades.find((candidate) => candidate.path === path)
    if (upgrade === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') return false
    return judgePlainHttp(request, plainHttp) === undefined && upgrade.take(request, socket, head)
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
    // The listener answers broken requests, because it knows how to close a connection.
    clientErrorHandler: () => undefined,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, log)
    },
    serverFactory,
  })
  fastify.removeAllContentTypeParsers()
  // SCIM clients use a content type of their own (RFC 7644 §3.1); both are JSON.
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
      // Only what everybody may read says something else.
      'cache-control': reply.getHeader('cache-control') ?? 'no-store',
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
        // Without the query, which may contain private data of the caller.
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
    throw refused('endpoint_not_found', { method: request.method, path: path.slice(0, 256) })
  })
  for (const route of dependencies.publicRoutes) {
    fastify.get<{ Querystring: Record<string, unknown> }>(route.path, async (request, reply) =>
      send(
        reply,
        await route.answer(
          await dependencies.workspaceAt(request.headers.host),
          request.query,
          headersOf(request),
        ),
      ),
    )
  }
  const transfers = createTransfers()
  const entrances: readonly Entrance[] = [
    {
      pathOf: (path) => path,
      callerOf: (request, { id }) => dependencies.authenticate(bearerOf(request), id),
    },
    { pathOf: consolePathOf, callerOf: dependencies.console.callerOf },
  ]
  for (const entrance of entrances)
    for (const route of dependencies.routes) {
      if (route.transfer?.body !== 'bytes') addRoute(fastify, route, entrance, dependencies, transfers)
      else {
        void fastify.register((scope, _options, done) => {
          takeBytes(scope)
          addRoute(scope, route, entrance, dependencies, transfers)
          done()
        })
      }
    }
  addSessionRoutes(fastify, dependencies.console.session)
  return fastify
}

/** Where the routes are mounted, and how a request there proves who sends it. */
interface Entrance {
  pathOf(path: string): string
  callerOf(request: FastifyRequest, workspace: Workspace): Promise<Caller>
}

function addRoute(
  fastify: FastifyInstance,
  route: Route,
  entrance: Entrance,
  { workspaceAt, closeConnection }: HttpDependencies,
  transfers: Transfers,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  fastify.route({
    method: route.method,
    url: entrance.pathOf(route.path),
    ...(route.transfer === undefined ? {} : { bodyLimit: route.transfer.largestBody }),
    // Runs before the body is read: neither a stranger nor a token for something else may cause any work.
    onRequest: async (request, reply) => {
      if (request.url.includes('%00'))
        throw refused('malformed_request', { problem: 'path: it holds a zero character.' })
      const workspace = await workspaceAt(request.headers.host)
      const caller = await entrance.callerOf(request, workspace)
      requirePermitted(decideScope(caller, route.scopes))
      callers.set(request, caller)
      if (route.transfer === undefined) return
      beginTransfer({ transfers, caller, transfer: route.transfer, request, reply, closeConnection })
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
          headers: headersOf(request),
        }),
      )
    },
  })
}

const headersOf = ({ headers }: FastifyRequest): RequestHeaders => ({
  ifMatch: headers['if-match'],
  ifNoneMatch: headers['if-none-match'],
})

/** RFC 6750 §2.1; the scheme may be in any letter case. */
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
    // A user's file, served under our host name: it may be downloaded, but never rendered or executed.
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
