/**
 * The listening socket of HTTP. It is opened before there is anything to serve, because its port is part of the issuer,
 * and so of everything that is built afterwards. Until then it answers that Lakegate is starting.
 */
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo, Server as SocketServer } from 'node:net'
import { Fault } from '../domain/fault.ts'
import { refuse } from '../policy/refusals.ts'
import { answerRefusal } from './answer-refusal.ts'
import type { CloseConnection, TakeUpgrade, TlsContexts } from './connections.ts'
import { createEndpoint, type Endpoint, type EndpointTimeouts } from './endpoint.ts'
import { createPlaces } from './places.ts'
import { complaintAboutHost } from './host-header.ts'

export interface HttpListener {
  readonly port: number
  /** For a framework that needs one; it does not listen itself. */
  readonly server: Server
  serve(handle: RequestListener, takeUpgrade?: TakeUpgrade): void
  /** Connections that began TLS wait for this. */
  secure(contexts: TlsContexts): void
  /** Listens also on another address of this machine, at the same port; false when that is not possible. */
  alsoListen(host: string): Promise<boolean>
  /** Accepts no new connections, lets requests in progress finish, then closes the rest. */
  close(): Promise<void>
}

export interface HttpSettings {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Whether the address is a listed proxy, which speaks for many clients. */
  readonly isProxy?: (address: string) => boolean
  /** Called occasionally for a client that has too many connections. */
  readonly onCrowded?: (address: string) => void
  /** Overrides of the default timeouts. */
  readonly timeouts?: Partial<EndpointTimeouts>
  /** What people see until there is something to serve. */
  readonly startingPage?: StartingPage
}

const TIMEOUTS: EndpointTimeouts = { beginMs: 10_000, headersMs: 10_000, idleMs: 65_000, stopMs: 5_000 }

const STARTING = JSON.stringify({
  error_code: 'TEMPORARILY_UNAVAILABLE',
  message: 'Lakegate is starting. Retry in a few seconds.',
  details: [],
})

/** A page that reloads by itself, and the files that it uses. */
export interface StartingPage {
  readonly headers: Readonly<Record<string, string>>
  readonly html: string
  readonly files: ReadonlyMap<string, { readonly type: string; readonly body: string }>
}

const RETRY_SECONDS = '1'

const answerStarting =
  (page: StartingPage | undefined): RequestListener =>
  (request, response) => {
    const file = page?.files.get(request.url ?? '')
    if (file !== undefined) {
      response.writeHead(200, { ...page?.headers, 'content-type': file.type })
      response.end(file.body)
      return
    }
    // A client that accepts anything, such as a program, gets the answer for programs.
    const isPerson = request.headers.accept?.includes('text/html') === true
    const isShown = page !== undefined && isPerson && ['GET', 'HEAD'].includes(request.method ?? '')
    response.writeHead(503, {
      ...(isShown ? page.headers : {}),
      'content-type': isShown ? 'text/html; charset=utf-8' : 'application/json',
      'retry-after': RETRY_SECONDS,
    })
    response.end(isShown ? page.html : STARTING)
  }

/** @throws Fault http_port_taken, http_address_unusable */
export async function openHttpListener(
  settings: HttpSettings,
  closeConnection: CloseConnection,
): Promise<HttpListener> {
  let current = answerStarting(settings.startingPage)
  let currentUpgrade: TakeUpgrade = () => false
  let secure: (contexts: TlsContexts) => void = () => undefined
  const contexts = new Promise<TlsContexts>((resolve) => {
    secure = resolve
  })
  const places = createPlaces({
    isProxy: settings.isProxy ?? (() => false),
    onCrowded: settings.onCrowded ?? (() => undefined),
  })
  const make = () =>
    createEndpoint({
      handle(request, response) {
        const problem = complaintAboutHost(request)
        if (problem === undefined) current(request, response)
        // Further bytes on this connection may be meant for another host (request smuggling), so it is closed.
        else answerRefusal(response, refuse('malformed_request', { problem }), { connection: 'close' })
      },
      takeUpgrade: (request, socket, head) =>
        complaintAboutHost(request) === undefined && currentUpgrade(request, socket, head),
      contexts,
      closeConnection,
      timeouts: { ...TIMEOUTS, ...settings.timeouts },
      places,
    })
  const first = make()
  const further = new Map<string, Endpoint>()
  await listen(first.sockets, settings)
  const { port } = first.sockets.address() as AddressInfo
  return {
    port,
    server: first.http,
    serve(handle, takeUpgrade = () => false) {
      current = handle
      currentUpgrade = takeUpgrade
    },
    secure(known) {
      secure(known)
    },
    async alsoListen(host) {
      if (further.has(host)) return true
      const another = make()
      try {
        await listen(another.sockets, { host, port })
      } catch (error) {
        if (error instanceof Fault) return false
        throw error
      }
      further.set(host, another)
      return true
    },
    async close() {
      await Promise.all([first, ...further.values()].map((endpoint) => endpoint.close()))
    },
  }
}

async function listen(server: SocketServer, { host, port }: HttpSettings): Promise<void> {
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
