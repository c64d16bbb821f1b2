/**
 * One stream of server-sent events (HTML Living Standard, «Server-sent events»). What its reader does not take is bounded:
 * whoever has more waiting than this is let go, and asks again when it can.
 */
import type { ServerResponse } from 'node:http'
import type { ConsoleEvent } from '@lakegate/client'
import { abandonAnswer } from '../abandon-answer.ts'
import type { CloseConnection } from '../connections.ts'

/** Some two hundred hints; 2,000 streams that all stand still hold 32 MB. */
const MOST_WAITING_BYTES = 16 * 1024

/** How soon a browser comes back by itself. */
const RETRY_MS = 2_000

/** JSON has no line breaks, so that nothing in a name ends an event. */
export const frameOf = ({ event, data }: ConsoleEvent, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export class EventStream {
  readonly #response: ServerResponse
  readonly #closeConnection: CloseConnection
  #lastWriteMs = 0
  #isClosed = false
  readonly #onClose: (() => void)[] = []

  /** @param response that was not awaited for anything yet: it tells only once that it is closed */
  constructor(response: ServerResponse, closeConnection: CloseConnection) {
    this.#response = response
    this.#closeConnection = closeConnection
    response.once('close', () => {
      this.#isClosed = true
      for (const tell of this.#onClose.splice(0)) tell()
    })
  }

  get isOver(): boolean {
    return this.#isClosed || this.#response.writableEnded
  }

  /** At once when it is closed already. */
  whenClosed(tell: () => void): void {
    if (this.#isClosed) tell()
    else this.#onClose.push(tell)
  }

  begin(nowMs: number): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // nginx gathers an answer before it passes it on, unless it is told.
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    this.write(`retry: ${String(RETRY_MS)}\n\n`, nowMs)
  }

  write(frames: string, nowMs: number): void {
    if (this.isOver) return
    this.#lastWriteMs = nowMs
    this.#response.write(frames)
    if (this.#response.writableLength > MOST_WAITING_BYTES) this.drop()
  }

  /** A comment, when nothing was said for so long: proxies close what is silent, and whoever is gone shows. */
  keepAlive(nowMs: number, afterMs: number): void {
    if (this.isOver || nowMs - this.#lastWriteMs < afterMs) return
    // What was written then is still here.
    if (this.#response.writableLength > 0) this.drop()
    else this.write(':\n\n', nowMs)
  }

  /** In order: all of it was sent, and there will be no more. */
  end(lastFrame = ''): void {
    if (!this.isOver) this.#response.end(lastFrame)
  }

  drop(): void {
    abandonAnswer(this.#response, this.#closeConnection)
  }
}
