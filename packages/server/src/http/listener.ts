/**
 * The listening socket of HTTP, opened before there is anything to serve: the port that it gets is part of the
 * issuer, and so of everything that is built afterwards. Until then it answers that it is starting.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '../domain/fault.ts'

export interface HttpListener {
  readonly port: number
  readonly server: Server
  serve(handle: RequestListener): void
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

/** @throws Fault http_port_taken, http_address_unusable */
export async function openHttpListener(settings: HttpSettings): Promise<HttpListener> {
  let current: RequestListener = answerStarting
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (request, response) => {
      current(request, response)
    },
  )
  await listen(server, settings)
  const { port } = server.address() as AddressInfo
  return {
    port,
    server,
    serve(handle) {
      current = handle
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const impatience = setTimeout(() => {
        server.closeAllConnections()
      }, STOP_GRACE_MS)
      await closed
      clearTimeout(impatience)
    },
  }
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
