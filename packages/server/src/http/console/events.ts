/** `GET /console/api/events`: server-sent events that hint to an open page of the console what to read again. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Workspace } from '../../domain/workspace.ts'
import { refused } from '../../operations/refused-error.ts'
import type { CloseConnection } from '../connections.ts'
import { toHttpError } from '../error-body.ts'
import { requireOwnSite } from './csrf.ts'
import type { HttpLog } from '../server.ts'
import { EventStream } from './event-stream.ts'
import type { EventReader, EventStreams } from './event-streams.ts'
import type { ConsoleSessions } from './session.ts'

export const EVENTS_PREFIX = '/console/api/events'

/** Our ids are far shorter. */
const LONGEST_ID = 64

export interface EventsPorts {
  readonly sessions: Pick<ConsoleSessions, 'findConsoleSession' | 'whenOver'>
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly streams: Pick<EventStreams, 'open'>
  readonly release: () => Promise<EventReader['release']>
  readonly closeConnection: CloseConnection
  readonly log: HttpLog
}

export function createEventsHandler(ports: EventsPorts): RequestListener {
  return (request, response) => {
    const requestId = randomUUID()
    const began = performance.now()
    // Must happen before any await, to catch the 'close' event.
    const stream = new EventStream(response, ports.closeConnection)
    stream.whenClosed(() => {
      const milliseconds = Math.round(performance.now() - began)
      const { method } = request
      const { statusCode: status } = response
      ports.log.info({ requestId, method, path: EVENTS_PREFIX, status, milliseconds }, 'http request')
    })
    answer(ports, request, stream).catch((error: unknown) => {
      sendError(ports, response, requestId, error)
    })
  }
}

async function answer(
  { sessions, workspaceAt, streams, release }: EventsPorts,
  request: IncomingMessage,
  stream: EventStream,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? ''
  if (request.method !== 'GET' || path !== EVENTS_PREFIX) {
    const method = request.method ?? ''
    throw refused('endpoint_not_found', { method, path: path.slice(0, 256) })
  }
  requireOwnSite(request.headers)
  const workspace = await workspaceAt(request.headers.host)
  const { cookie } = request.headers
  const find = () => sessions.findConsoleSession(cookie, workspace, { isUse: false })
  const session = await find()
  const reader: EventReader = {
    caller: session.caller,
    release: await release(),
    lookAgain: async () => (await find()).caller,
  }
  const over = await streams.open(stream, reader, lastEventIdOf(request))
  stream.whenClosed(sessions.whenOver(session, over))
}

function lastEventIdOf({ headers }: IncomingMessage): string | undefined {
  const sent = headers['last-event-id']
  return typeof sent === 'string' && sent !== '' ? sent.slice(0, LONGEST_ID) : undefined
}

function sendError(
  { log, closeConnection }: Pick<EventsPorts, 'log' | 'closeConnection'>,
  response: ServerResponse,
  requestId: string,
  error: unknown,
): void {
  const rendered = toHttpError(error, requestId)
  if (rendered.isOurs) log.error({ err: error, requestId }, 'a request failed')
  if (response.headersSent) {
    closeConnection(response.req.socket)
    return
  }
  response.writeHead(rendered.status, {
    ...rendered.headers,
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  })
  response.end(JSON.stringify(rendered.body))
}
