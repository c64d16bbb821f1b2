/**
 * What goes to the browser: in order, and each frame exactly once, even when the WebSocket breaks and another one
 * replaces it. Frames are kept until the browser has confirmed them by answering pings (RFC 6455 §5.5.3). The ping
 * payloads are random, so only a browser that has read them can answer. If the browser does not read, the outbox
 * becomes full, and its writers wait.
 */
import { randomBytes } from 'node:crypto'
import type { SqlServerFrame } from '@lakegate/client'
import { writeFrame } from './frames.ts'

export interface OutboxSocket {
  send(text: string): void
  ping(data: string): void
}

const FULL_BYTES = 1024 * 1024
const PING_EVERY_BYTES = 64 * 1024
/** For a browser that answers no pings. */
const MOST_PINGS = 100
const PING_WORD_BYTES = 12

export class Outbox {
  readonly #onRoom: () => void
  #socket: OutboxSocket | undefined
  #kept: { readonly number: number; readonly text: string }[] = []
  #bytes = 0
  /** Number of frames since the session was opened, without `opened` itself. */
  #sent = 0
  #unpinged = 0
  /** The payloads of unanswered pings, in order, with the last frame before each. */
  #pings = new Map<string, number>()

  /** @param onRoom called when the outbox is no longer full */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom
  }

  get isFull(): boolean {
    return this.#bytes > FULL_BYTES
  }

  get socket(): OutboxSocket | undefined {
    return this.#socket
  }

  send(frame: SqlServerFrame): void {
    const text = writeFrame(frame)
    this.#sent += 1
    this.#kept.push({ number: this.#sent, text })
    this.#bytes += text.length
    this.#socket?.send(text)
    this.#unpinged += text.length
    if (this.#unpinged >= PING_EVERY_BYTES) this.ping()
  }

  /** Asks how much the browser has read. */
  ping(): void {
    this.#unpinged = 0
    if (this.#socket === undefined) return
    const word = randomBytes(PING_WORD_BYTES).toString('base64url')
    this.#pings.set(word, this.#sent)
    const [oldest] = this.#pings.keys()
    if (this.#pings.size > MOST_PINGS && oldest !== undefined) this.#pings.delete(oldest)
    this.#socket.ping(word)
  }

  /** A ping was answered. */
  answered(word: string): void {
    const number = this.#pings.get(word)
    if (number === undefined) return
    for (const [older, at] of this.#pings) if (at <= number) this.#pings.delete(older)
    this.arrived(number)
  }

  /** The browser has everything up to this frame. */
  arrived(number: number): void {
    if (!Number.isSafeInteger(number) || number > this.#sent) return
    const wasFull = this.isFull
    let dropped = 0
    for (const { number: own, text } of this.#kept) {
      if (own > number) break
      this.#bytes -= text.length
      dropped += 1
    }
    this.#kept.splice(0, dropped)
    if (wasFull && this.#bytes <= FULL_BYTES) this.#onRoom()
  }

  /**
   * @param hello is sent first, and is not counted
   * @param received how many frames the browser has; the later ones are sent again
   */
  attach(socket: OutboxSocket, hello: SqlServerFrame, received: number | undefined): void {
    this.#socket = socket
    this.#pings.clear()
    socket.send(writeFrame(hello))
    if (received !== undefined) this.arrived(received)
    for (const { text } of this.#kept) socket.send(text)
    this.ping()
  }

  detach(socket: OutboxSocket): void {
    if (this.#socket === socket) this.#socket = undefined
  }
}
