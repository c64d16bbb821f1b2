/** A page of the console that listens for hints: one stream of server-sent events, and what was heard on it. */
import { request, type IncomingMessage } from 'node:http'
import { waitFor } from './wait-for.ts'

export interface HeardEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface EventReader {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** All of it, as it came. */
  text(): string
  heard(): readonly HeardEvent[]
  lastId(): string | undefined
  isOver(): boolean
  /** It ended as an answer ends, and was not cut off. */
  isWhole(): boolean
  /** Waits for one that is so. */
  next(what: string, is: (event: HeardEvent) => boolean): Promise<HeardEvent>
  close(): void
}

/** @param options.reads false: takes the head of the answer, and nothing else */
export async function openEvents(
  origin: string,
  cookie: string | undefined,
  options: {
    readonly lastEventId?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly reads?: boolean
  } = {},
): Promise<EventReader> {
  const asking = request(`${origin}/console/api/events`, {
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(cookie === undefined ? {} : { cookie }),
      ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
      ...options.headers,
    },
  })
  asking.on('error', () => undefined)
  asking.end()
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve)
    asking.once('error', reject)
  })
  let text = ''
  let isOver = false
  response.on('error', () => undefined)
  response.on('close', () => (isOver = true))
  if (options.reads !== false) response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const heard = () => parseEvents(text)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: () => text,
    heard,
    lastId: () => heard().findLast(({ id }) => id !== undefined)?.id,
    isOver: () => isOver,
    isWhole: () => response.complete,
    next: (what, is) => waitFor(what, () => heard().find(is)),
    close: () => {
      asking.destroy()
    },
  }
}

function parseEvents(text: string): readonly HeardEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = new Map(
        block.split('\n').map((line) => {
          const [name = '', value = ''] = line.split(/: ?(.*)/s)
          return [name, value] as const
        }),
      )
      const event = fields.get('event')
      if (event === undefined) return []
      return [
        { id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? '') as HeardEvent['data'] },
      ]
    })
}
