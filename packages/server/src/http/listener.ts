/**
 * The listening socket of HTTP, opened before there is anything to serve: the port that it gets is part of the
 * issuer, and so of everything that is built afterwards. Until then it answers that it is starting.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../domain/fault.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { refuse } from '../policy/refusals.ts'
import { toHttpError } from './error-body.ts'
import { complaintAboutHost } from './host-header.ts'

export interface HttpListener {
  readonly port: number
  readonly server: Server
  serve(handle: RequestListener): void
  /** The same on another address of this machine, at the same port; false when that cannot be had. */
  alsoListen(host: string): Promise<boolean>
  /** Takes no new connections, lets requests under way finish, then closes what is left. */
  close(): Promise<void>
}

export interface HttpSettings {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const STOP_GRACE_MS = 5_000

const STARTING = JSON.stringify({
  error_code: 'TEMPORARILY_UNAVAILABLE',
  message: 'Lakegate is starting. Retry in a few seconds.',
  details: [],
})

const answerStarting: RequestListener = (_request, response) => {
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' })
  response.end(STARTING)
}

/** What else comes on this connection may be meant for somebody else (request smuggling); so it ends. */
function answerMalformed(response: ServerResponse, problem: string): void {
  const refused = new RefusedError(refuse('malformed_request', { problem }))
  const { status, body } = toHttpError(refused, randomUUID(), { shape: 'databricks', largestBody: 0 })
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' })
  response.end(JSON.stringify(body))
}

/** @throws Fault http_port_taken, http_address_unusable */
export async function openHttpListener(settings: HttpSettings): Promise<HttpListener> {
  let current: RequestListener = answerStarting
  const make = () =>
    createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      },
      (request, response) => {
        const problem = complaintAboutHost(request)
        if (problem === undefined) current(request, response)
        else answerMalformed(response, problem)
      },
    )
  const server = make()
  const further = new Map<string, Server>()
  await listen(server, settings)
  const { port } = server.address() as AddressInfo
  return {
    port,
    server,
    serve(handle) {
      current = handle
    },
    async alsoListen(host) {
      if (further.has(host)) return true
      const another = make()
      try {
        await listen(another, { host, port })
      } catch (error) {
        if (error instanceof Fault) return false
        throw error
      }
      further.set(host, another)
      return true
    },
    async close() {
      await Promise.all([server, ...further.values()].map(closeServer))
    },
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const impatience = setTimeout(() => {
    server.closeAllConnections()
  }, STOP_GRACE_MS)
  await closed
  clearTimeout(impatience)
}

async function listen(server: Server, { host, port }: HttpSettings): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    throw new Fault({
      code: isTaken ? 'http_port_taken' : 'http_address_unusable',
      origin: 'configuration',
      message: isTaken
        ? `Port ${String(port)} on ${host} is in use.`
        : `Lakegate cannot listen on ${host} port ${String(port)}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      nextStep:
        'Choose another port with LAKEGATE_HTTP_PORT (0 takes any free one), or another address with LAKEGATE_HTTP_HOST.',
      cause,
    })
  }
}
