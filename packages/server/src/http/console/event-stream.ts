/**
 * One stream of server-sent events (HTML Living Standard, «Server-sent events»). The amount of data that its reader has
 * not taken is limited: a stream with more is dropped, and the browser reconnects when it can.
 */
import type { ServerResponse } from 'node:http'
import type { ConsoleEvent } from '@lakegate/client'
import { abandonAnswer } from '../abandon-answer.ts'
import type { CloseConnection } from '../connections.ts'

/** Some two hundred hints; 2,000 streams whose readers all stand still hold 32 MB. */
const MOST_WAITING_BYTES = 16 * 1024

/** How soon a browser reconnects by itself. */
const RETRY_MS = 2_000

/** JSON contains no line breaks, so no name can end an event. */
export const frameOf = ({ event, data }: ConsoleEvent, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export class EventStream {
  readonly #response: ServerResponse
  readonly #closeConnection: CloseConnection
  #lastWriteMs = 0
  #isClosed = false
  readonly #onClose: (() => void)[] = []

  /** @param response taken before anything is awaited in the request: it emits 'close' only once */
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

  /** Called at once when it is closed already. */
  whenClosed(tell: () => void): void {
    if (this.#isClosed) tell()
    else this.#onClose.push(tell)
  }

  begin(nowMs: number): void {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // nginx buffers an answer unless this header is set.
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

  /**
   * Sends a comment when nothing was sent for that long: proxies close silent connections, and a vanished client is
   * noticed.
   */
  keepAlive(nowMs: number, afterMs: number): void {
    if (this.isOver || nowMs - this.#lastWriteMs < afterMs) return
    // The previous write has not been taken yet.
    if (this.#response.writableLength > 0) this.drop()
    else this.write(':\n\n', nowMs)
  }

  /** Ends the stream in an orderly way, after everything has been sent. */
  end(lastFrame = ''): void {
    if (!this.isOver) this.#response.end(lastFrame)
  }

  drop(): void {
    abandonAnswer(this.#response, this.#closeConnection)
  }
}
