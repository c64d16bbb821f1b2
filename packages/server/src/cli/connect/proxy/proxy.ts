/**
 * `lakegate proxy` without its command line: takes connections on this machine, asks who they are, logs them in at the
 * gateway, relays. It keeps no secret on disk and gives none to its clients.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { InstanceConnection } from '@lakegate/client'
import { Fault } from '../../../domain/fault.ts'
import { isLoopback } from '../../../domain/loopback.ts'
import type { CancelRequest } from '../../../protocol/startup.ts'
import { cancelAtGateway } from '../gateway-connection.ts'
import { logIn, RefusedByGateway, type CancelKey } from './gateway-login.ts'
import { ClientGone, LocalClient, refuse, RefusedClient } from './local-client.ts'
import { peerOf, processOf, type Peer, type PeerProcess } from './peer.ts'
import { Relay } from './relay.ts'
import { destinationOf, type Destination, type ProxiedRole } from './startup-parameters.ts'

export interface ProxyOptions {
  readonly target: InstanceConnection
  readonly role: ProxiedRole
  /** Clients must send it; undefined: they need none. */
  readonly password: string | undefined
  /** Undefined: connections to a port are taken from every account of this machine. */
  readonly onlyUid: number | undefined
  readonly report: ProxyReport
}

export interface Connected {
  readonly number: number
  readonly peer: Peer | undefined
  readonly process: PeerProcess | undefined
}

/** What the person at the screen reads. */
export interface ProxyReport {
  opened(connected: Connected, destination: Destination): void
  ended(connected: Connected): void
  refused(connected: Connected, why: string): void
}

const OPENING_LIMIT_MS = 15_000
const MOST_CONNECTIONS = 200

export class Proxy {
  readonly #options: ProxyOptions
  readonly #servers = new Set<Server>()
  readonly #sockets = new Set<Socket>()
  readonly #relays = new Map<number, Relay>()
  /** Of the open sessions only: nobody cancels anything else through the proxy. */
  readonly #cancelKeys = new Map<number, CancelKey>()
  #count = 0
  #isStopping = false

  constructor(options: ProxyOptions) {
    this.#options = options
  }

  get sessions(): number {
    return this.#relays.size
  }

  /** @returns the port. @throws the error of listen */
  async listenOnPort(port: number): Promise<number> {
    const server = await this.#listen({ host: '127.0.0.1', port }, 'port')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  /** Who may connect is decided by the modes of the socket and its directory. @throws the error of listen */
  async listenOnSocket(file: string): Promise<void> {
    const former = process.umask(0o177)
    // The socket is made, with its mode, before this returns.
    const listening = this.#listen({ path: file }, 'socket')
    process.umask(former)
    await listening
  }

  /** No new connections; sessions that are idle end, others when they have become idle or `limit` is over. */
  async drain(limit: AbortSignal): Promise<void> {
    this.#isStopping = true
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
    const LOOK_AGAIN_MS = 50
    while (this.#relays.size > 0) {
      const ending = [...this.#relays.values()].filter((relay) => limit.aborted || relay.isIdle)
      await Promise.all(ending.map((relay) => relay.end()))
      if (this.#relays.size > 0 && !limit.aborted)
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    }
  }

  #listen(
    where: { host: string; port: number } | { path: string },
    kind: 'port' | 'socket',
  ): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      void this.#serve(socket, kind)
    })
    server.maxConnections = MOST_CONNECTIONS
    this.#servers.add(server)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(where, () => {
        server.off('error', reject)
        // For example too many open files: the next connection may succeed.
        server.on('error', () => undefined)
        resolve(server)
      })
    })
  }

  async #serve(socket: Socket, kind: 'port' | 'socket'): Promise<void> {
    this.#count += 1
    let connected: Connected = { number: this.#count, peer: undefined, process: undefined }
    socket.on('error', () => socket.destroy())
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    try {
      connected = await this.#identify(connected, socket, kind)
      const client = new LocalClient(socket)
      const signal = AbortSignal.timeout(OPENING_LIMIT_MS)
      const opening = await client.opening(signal)
      if (opening.kind === 'cancel_request') {
        await this.#cancel(opening)
        socket.end()
        return
      }
      await this.#askForPassword(client, signal)
      const destination = destinationOf(opening, this.#options.role)
      const loggedIn = await logIn(this.#options.target, destination, opening.version)
      if (this.#isStopping || socket.destroyed) {
        loggedIn.connection.destroy()
        socket.destroy()
        return
      }
      socket.write(loggedIn.welcome)
      if (loggedIn.rest.length > 0) loggedIn.connection.unshift(loggedIn.rest)
      const early = client.rest()
      if (early.length > 0) socket.unshift(early)
      await this.#relay(connected, destination, socket, loggedIn)
    } catch (error) {
      this.#fail(connected, socket, error)
    }
  }

  /** @throws RefusedClient when the connection is not of an account that may use the proxy */
  async #identify(connected: Connected, socket: Socket, kind: 'port' | 'socket'): Promise<Connected> {
    if (kind === 'socket') return connected
    if (!isLoopback(socket.remoteAddress ?? '')) throw forbidden('it does not come from this machine')
    const peer = await peerOf(socket)
    const { onlyUid } = this.#options
    if (onlyUid !== undefined && peer?.uid !== onlyUid)
      throw forbidden(
        peer === undefined
          ? 'this machine does not tell which account it is of'
          : `it is of another account of this machine (uid ${String(peer.uid)})`,
      )
    const found = peer === undefined ? undefined : await processOf(peer)
    return { ...connected, peer, process: found }
  }

  async #askForPassword(client: LocalClient, signal: AbortSignal): Promise<void> {
    const { password } = this.#options
    if (password === undefined) return
    const given = await client.password(signal)
    const digest = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest()
    if (timingSafeEqual(digest(given), digest(password))) return
    throw new RefusedClient({
      severity: 'FATAL',
      sqlstate: '28P01',
      message: 'the password is not that of --password-file of lakegate proxy',
    })
  }

  async #relay(
    connected: Connected,
    destination: Destination,
    socket: Socket,
    { connection, cancelKey }: Awaited<ReturnType<typeof logIn>>,
  ): Promise<void> {
    const { number } = connected
    const relay = new Relay(socket, connection)
    // From now on it is ended as a session is.
    this.#sockets.delete(socket)
    this.#relays.set(number, relay)
    if (cancelKey !== undefined) this.#cancelKeys.set(number, cancelKey)
    this.#options.report.opened(connected, destination)
    await relay.over
    this.#relays.delete(number)
    this.#cancelKeys.delete(number)
    this.#options.report.ended(connected)
  }

  /** As PostgreSQL does: a wrong key gets no answer. */
  async #cancel({ processId, key }: CancelRequest): Promise<void> {
    const known = [...this.#cancelKeys.values()].some(
      (one) => one.processId === processId && one.key.equals(key),
    )
    if (known) await cancelAtGateway(this.#options.target, { processId, key })
  }

  #fail(connected: Connected, socket: Socket, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof ClientGone || socket.destroyed) {
      socket.destroy()
      return
    }
    this.#options.report.refused(connected, message)
    if (error instanceof RefusedByGateway) {
      socket.end(error.bytes)
      socket.setTimeout(2_000, () => socket.destroy())
      socket.resume()
      return
    }
    if (error instanceof RefusedClient) {
      refuse(socket, error.fields)
      return
    }
    refuse(socket, {
      severity: 'FATAL',
      sqlstate: '08006',
      message: `lakegate proxy: ${message}`,
      hint: error instanceof Fault ? error.nextStep : undefined,
    })
  }
}

const forbidden = (why: string): RefusedClient =>
  new RefusedClient({
    severity: 'FATAL',
    sqlstate: '28000',
    message: `lakegate proxy does not take this connection: ${why}`,
    hint: 'The proxy is for the account that started it. It takes other accounts with --allow-other-users.',
  })
