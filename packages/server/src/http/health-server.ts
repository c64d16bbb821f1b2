/**
 * A small HTTP server for a node without REST: `/healthz`, `/readyz` and `/metrics`, for load balancers and Prometheus.
 * It listens before the node has started, and reports that it is starting until then.
 */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { Fault } from '../domain/fault.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { answerAlive, answerReady, askedTogether, type HealthCheck } from './api/health.ts'
import { toHttpError } from './error-body.ts'
import type { Answer } from './route.ts'

export interface NodeHealth {
  readonly alive: readonly HealthCheck[]
  readonly ready: readonly HealthCheck[]
  /** Answers /metrics; undefined when this process does not serve it. */
  readonly metrics: RequestListener | undefined
}

export interface HealthServer {
  readonly port: number
  /** From now on it reports the health of the node. */
  serve(health: NodeHealth): void
  close(): Promise<void>
}

/** Probes and scrapes are short, and have no body. */
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const LARGEST_BODY = 1024
/** Far more than there are load balancers; strangers must not use up the file descriptors that sessions need. */
const MOST_CONNECTIONS = 1_000

const STARTING: NodeHealth = {
  alive: [],
  ready: [{ name: 'starting', check: () => Promise.reject(new Error('the node is starting')) }],
  metrics: undefined,
}

/** @throws Fault health_port_taken, health_address_unusable */
export async function openHealthServer(
  address: { readonly host: string; readonly port: number },
  log: { error(fields: object, message: string): void },
): Promise<HealthServer> {
  let current = STARTING
  const fastify = createFastify(() => current, log)
  fastify.server.maxConnections = MOST_CONNECTIONS
  fastify.server.headersTimeout = REQUEST_TIMEOUT_MS
  try {
    await fastify.listen(address)
  } catch (cause) {
    await fastify.close()
    throw explain(cause, address)
  }
  return {
    port: (fastify.server.address() as AddressInfo).port,
    serve({ alive, ready, metrics }) {
      current = { alive, ready: ready.map(askedTogether), metrics }
    },
    close: () => fastify.close(),
  }
}

function createFastify(
  health: () => NodeHealth,
  log: { error(fields: object, message: string): void },
): FastifyInstance {
  const sendError = (error: unknown, id: string, reply: FastifyReply) => {
    const { status, headers, body, isOurs } = toHttpError(error, id)
    if (isOurs) log.error({ err: error, requestId: id }, 'a request about the health of the node failed')
    return send(reply, { status, headers, body })
  }
  const fastify = Fastify({
    bodyLimit: LARGEST_BODY,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // A client that asks while the node stops gains nothing from an answer.
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    frameworkErrors: (error, request, reply) => {
      void sendError(error, request.id, reply)
    },
  })
  fastify.removeAllContentTypeParsers()
  fastify.setErrorHandler((error, request, reply) => {
    void sendError(error, request.id, reply)
  })
  fastify.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const refusal = refuse('endpoint_not_found', { method: request.method, path: path.slice(0, 256) })
    return sendError(new RefusedError(refusal), request.id, reply)
  })
  fastify.get('/healthz', async (_request, reply) => send(reply, await answerAlive(health().alive)))
  fastify.get('/readyz', async (_request, reply) => send(reply, await answerReady(health().ready)))
  fastify.get('/metrics', (request, reply) => {
    const { metrics } = health()
    if (metrics === undefined) reply.callNotFound()
    else {
      reply.hijack()
      metrics(request.raw, reply.raw)
    }
    return reply
  })
  return fastify
}

const send = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply =>
  reply
    .status(status ?? 200)
    .headers({
      ...headers,
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .send(JSON.stringify(body))

function explain(cause: unknown, { host, port }: { readonly host: string; readonly port: number }): Fault {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  return new Fault({
    code: isTaken ? 'health_port_taken' : 'health_address_unusable',
    origin: 'configuration',
    message: isTaken
      ? `Port ${String(port)} on ${host}, where the gateway would answer /healthz, /readyz and /metrics, is in use.`
      : `The gateway cannot answer /healthz, /readyz and /metrics on ${host} port ${String(port)}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep:
      'Choose another port with LAKEGATE_GATEWAY_HEALTH_PORT (0 takes any free one), or another address with LAKEGATE_GATEWAY_HEALTH_HOST.',
    cause,
  })
}
