/**
 * `WS /console/sql`: who may open a WebSocket there. Before anything is opened, Origin must show that the request comes
 * from our own page, and the cookie that the browser has a session; the first frame proves the page once more, by the
 * CSRF value.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Workspace } from '../../../domain/workspace.ts'
import { refused } from '../../../operations/refused-error.ts'
import type { CloseConnection, TakeUpgrade } from '../../connections.ts'
import { toHttpError } from '../../error-body.ts'
import { requireOwnOrigin } from '../csrf.ts'
import type { ConsoleSession, ConsoleSessions } from '../session.ts'
import { LONGEST_FRAME } from './frames.ts'
import { createKeptShare } from './kept-values.ts'
import type { OpeningPorts } from './open-session.ts'
import { createSessionRegistry } from './registry.ts'
import { serveSqlSocket, type SocketPorts } from './serve-socket.ts'

export interface SqlEditorPorts extends OpeningPorts {
  readonly consoleSessions: Pick<ConsoleSessions, 'findConsoleSession' | 'whenOver'>
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly publicUrlOf: (workspace: Workspace) => string
  /** The client's address, behind the listed proxies. */
  readonly clientAddressOf: (request: IncomingMessage) => string
  readonly closeConnection: CloseConnection
  readonly clock: () => Date
  readonly log: SocketPorts['log']
}

export interface SqlEditor {
  readonly takeUpgrade: TakeUpgrade
  /** Ends all sessions, and accepts no more. */
  stop(): void
}

export const SQL_PATH = '/console/sql'

export function createSqlEditor(ports: SqlEditorPorts): SqlEditor {
  const registry = createSessionRegistry()
  const keptShare = createKeptShare()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LONGEST_FRAME,
    perMessageDeflate: false,
  })
  let isStopping = false

  async function take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const workspace = await ports.workspaceAt(request.headers.host)
    requireOwnOrigin(request.headers, ports.publicUrlOf(workspace))
    const find = (): Promise<ConsoleSession> =>
      ports.consoleSessions.findConsoleSession(request.headers.cookie, workspace)
    const { caller } = await find()
    const release = registry.takeBeginning(caller.identity.id)
    if (release === undefined) throw refused('too_many_sql_sessions')
    // A socket that closed meanwhile emits no more events.
    if (isStopping || socket.destroyed || !socket.writable) {
      release()
      ports.closeConnection(socket)
      return
    }
    const address = ports.clientAddressOf(request)
    const port = request.socket.remotePort ?? 0
    socket.once('close', release)
    server.handleUpgrade(request, socket, head, (webSocket) => {
      serveSqlSocket(
        webSocket,
        { ...ports, registry, keptShare, findConsoleSession: find, browser: { address, port }, schedule },
        release,
      )
    })
  }

  return {
    takeUpgrade(request, socket, head) {
      const onEarlyError = () => undefined
      socket.on('error', onEarlyError)
      take(request, socket, head)
        .catch((error: unknown) => {
          const { status, body, isOurs } = toHttpError(error, randomUUID())
          if (isOurs) ports.log.error({ err: error }, 'a WebSocket was not opened')
          ports.closeConnection(socket, { lastWord: answerOf(status, JSON.stringify(body)) })
        })
        .finally(() => socket.off('error', onEarlyError))
      return true
    },
    stop() {
      isStopping = true
      for (const { session } of registry.all()) session.end('server_stopping')
    },
  }
}

/** An HTTP/1.1 answer on a connection that no framework handles any more. */
const answerOf = (status: number, body: string): Buffer =>
  Buffer.from(
    [
      `HTTP/1.1 ${String(status)} ${STATUS_TEXTS[status] ?? 'Refused'}`,
      'content-type: application/json; charset=utf-8',
      'cache-control: no-store',
      'connection: close',
      `content-length: ${String(Buffer.byteLength(body))}`,
      '',
      body,
    ].join('\r\n'),
  )

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

const schedule = (milliseconds: number, act: () => void): (() => void) => {
  const timer = setTimeout(act, milliseconds).unref()
  return () => {
    clearTimeout(timer)
  }
}
