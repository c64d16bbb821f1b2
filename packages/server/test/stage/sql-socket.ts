/** A browser's side of the SQL editor, frame by frame. */
import type { SqlCell, SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import { WebSocket } from 'ws'
import type { ConsoleBrowser } from './console-session.ts'
import { waitFor } from './wait-for.ts'

export type Frame<Type extends SqlServerFrame['type']> = Extract<SqlServerFrame, { type: Type }>

export interface SqlSocket {
  readonly socket: WebSocket
  /** Everything that came, in order. */
  readonly frames: readonly SqlServerFrame[]
  /** Code of the close, once there is one. */
  closeCode(): number | undefined
  send(frame: SqlClientFrame): void
  sendText(text: string): void
  /** Waits for the next frame of a type that was not given out yet. */
  next<Type extends SqlServerFrame['type']>(type: Type): Promise<Frame<Type>>
  /** Runs a text to its end, giving credit. */
  run(sql: string, options?: Partial<SqlClientFrame & { type: 'run' }>): Promise<Ran>
  /** Resolves with the code when it is closed. */
  closed(): Promise<number>
  close(): void
}

/** What a run brought, by statement. */
export interface Ran {
  readonly run: number
  readonly rows: readonly SqlCell[][][]
  readonly columns: readonly (Frame<'columns'> | undefined)[]
  readonly complete: readonly (Frame<'complete'> | undefined)[]
  readonly failed: readonly (Frame<'failed'> | undefined)[]
  readonly done: Frame<'done'>
  readonly frames: readonly SqlServerFrame[]
}

/** @param headers that differ from a browser's; undefined leaves one out */
export async function connectSqlSocket(
  browser: Pick<ConsoleBrowser, 'origin' | 'cookie'>,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<SqlSocket> {
  const url = new URL('/console/sql', browser.origin)
  url.protocol = url.protocol.replace('http', 'ws')
  const all = { cookie: browser.cookie, origin: browser.origin, 'sec-fetch-site': 'same-origin', ...headers }
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    headers: Object.fromEntries(
      Object.entries<string | undefined>(all).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      ),
    ),
  })
  const frames: SqlServerFrame[] = []
  const given = new Map<string, number>()
  let code: number | undefined
  let lastRun = 0
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString('utf8')) as SqlServerFrame))
  socket.on('close', (closedWith: number) => {
    code = closedWith
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => {
      resolve()
    })
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
      response.on('end', () => {
        reject(new HandshakeRefused(response.statusCode ?? 0, body))
      })
    })
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)

  const send = (frame: SqlClientFrame): void => {
    socket.send(JSON.stringify(frame))
  }
  const next = <Type extends SqlServerFrame['type']>(type: Type): Promise<Frame<Type>> =>
    waitFor(`a frame ${type}`, () => {
      const from = given.get(type) ?? 0
      const index = frames.findIndex((frame, at) => at >= from && frame.type === type)
      if (index < 0) {
        if (code !== undefined)
          throw new Error(`closed with ${String(code)}: ${JSON.stringify(frames.slice(-3))}`)
        return undefined
      }
      given.set(type, index + 1)
      return frames[index] as Frame<Type>
    })

  return {
    socket,
    frames,
    closeCode: () => code,
    send,
    sendText: (text) => {
      socket.send(text)
    },
    next,
    async run(sql, options = {}) {
      lastRun = Math.max(lastRun, frames.length) + 1
      const run = options.run ?? lastRun
      const from = frames.length
      send({
        type: 'run',
        run,
        sql,
        row_limit: 1000,
        continue_after_errors: false,
        hash_passwords: false,
        ...options,
      })
      let seen = from
      const done = await waitFor('the end of a run', () => {
        for (; seen < frames.length; seen += 1) {
          const frame = frames[seen]
          if (frame?.type === 'rows')
            send({ type: 'credit', run: frame.run, statement: frame.statement, rows: frame.rows.length })
          if (frame?.type === 'done' && frame.run === run) return frame
        }
        if (code !== undefined)
          throw new Error(`closed with ${String(code)}: ${JSON.stringify(frames.slice(-3))}`)
        return undefined
      })
      return gather(frames.slice(from), done)
    },
    closed: () => waitFor('the close', () => code),
    close: () => {
      socket.close()
    },
  }
}

export class HandshakeRefused extends Error {
  readonly status: number

  constructor(status: number, body: string) {
    super(`the handshake was answered ${String(status)}: ${body}`)
    this.status = status
  }
}

/** Opens a session, and waits for it. */
export async function openSqlSession(
  browser: ConsoleBrowser,
  open: {
    readonly instance: string
    readonly database?: string
    readonly role?: string
    readonly time_zone?: string
  },
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly sql: SqlSocket; readonly opened: Frame<'opened'> }> {
  const sql = await connectSqlSocket(browser, headers)
  sql.send({ type: 'open', csrf: browser.session.csrf, database: 'databricks_postgres', ...open })
  const opened = await waitFor('the session', () => {
    const refused = sql.frames.find(({ type }) => type === 'refused')
    if (refused !== undefined) throw new Error(JSON.stringify(refused))
    return sql.frames.find((frame) => frame.type === 'opened')
  })
  return { sql, opened }
}

function gather(frames: readonly SqlServerFrame[], done: Frame<'done'>): Ran {
  const ran = {
    run: done.run,
    rows: [] as SqlCell[][][],
    columns: [] as (Frame<'columns'> | undefined)[],
    complete: [] as (Frame<'complete'> | undefined)[],
    failed: [] as (Frame<'failed'> | undefined)[],
    done,
    frames,
  }
  for (const frame of frames) {
    if (frame.type === 'rows')
      ran.rows[frame.statement] = [...(ran.rows[frame.statement] ?? []), ...frame.rows]
    if (frame.type === 'columns') ran.columns[frame.statement] = frame
    if (frame.type === 'complete') ran.complete[frame.statement] = frame
    if (frame.type === 'failed') ran.failed[frame.statement] = frame
  }
  return ran
}
