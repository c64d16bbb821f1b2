/** Plays the server's side of `WS /console/sql` for the client of it. */
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import type { SqlSocket } from '../src/data/sql-session.ts'

export interface PlayedSocket extends SqlSocket {
  readonly sent: SqlClientFrame[]
  isClosed: boolean
  say(...frames: SqlServerFrame[]): void
  /** The line is cut. */
  cut(): void
}

export function playServer() {
  const sockets: PlayedSocket[] = []
  return {
    sockets,
    get last(): PlayedSocket {
      const socket = sockets.at(-1)
      if (socket === undefined) throw new Error('nobody connected')
      return socket
    },
    connect(): SqlSocket {
      const socket: PlayedSocket = {
        sent: [],
        isClosed: false,
        onopen: null,
        onmessage: null,
        onclose: null,
        send: (text) => {
          if (typeof text !== 'string') throw new TypeError('a frame is text')
          socket.sent.push(JSON.parse(text) as SqlClientFrame)
        },
        close: () => {
          socket.isClosed = true
        },
        say: (...frames) => {
          for (const frame of frames) {
            const message = new MessageEvent('message', { data: JSON.stringify(frame) })
            socket.onmessage?.call(socket as unknown as WebSocket, message)
          }
        },
        cut: () => {
          socket.onclose?.call(socket as unknown as WebSocket, new Event('close') as CloseEvent)
        },
      }
      sockets.push(socket)
      queueMicrotask(() => {
        socket.onopen?.call(socket as unknown as WebSocket, new Event('open'))
      })
      return socket
    },
  }
}

export const opened = (more: Partial<Extract<SqlServerFrame, { type: 'opened' }>> = {}): SqlServerFrame => ({
  type: 'opened',
  session_key: 'key',
  process_id: 4711,
  instance: 'dev',
  database: 'databricks_postgres',
  role: 'ada@example.com',
  path: [],
  server_version: '18.1',
  time_zone: 'UTC',
  transaction: 'none',
  resumed: false,
  last_run: 0,
  ...more,
})

/** Until what was started has come to its next wait. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
