/**
 * A session between a client of the proxy and the gateway: bytes go in both directions as they come, as fast as the slower
 * side takes them. What the gateway sends is looked at as it passes, so that a session can be ended between two messages.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Transform, type Duplex, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encodeErrorResponse } from '../../../protocol/error-response.ts'
import { LONGEST_MESSAGE } from '../../../protocol/limits.ts'
import { MessageScanner } from '../../../protocol/message-scanner.ts'
import { BACKEND, TRANSACTION_STATUS } from '../../../protocol/message-types.ts'

const READY_FOR_QUERY_BYTES = 6

/** Passes everything on, and knows where messages end and whether the session is idle. */
class WatchedAnswers extends Transform {
  readonly #scanner = new MessageScanner({
    longestOf: () => LONGEST_MESSAGE,
    prefixOf: (type, total) => (type === BACKEND.readyForQuery ? Math.min(total, READY_FOR_QUERY_BYTES) : 5),
  })
  /** After a violation nothing is known any more; the client will notice it, too. */
  #isLost = false
  isIdle = true

  get isBetweenMessages(): boolean {
    return !this.#isLost && this.#scanner.isBetweenMessages
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#watch(chunk)
    done(null, chunk)
  }

  #watch(chunk: Buffer): void {
    if (this.#isLost) return
    const scanner = this.#scanner
    scanner.push(chunk)
    for (;;) {
      const seen = scanner.see()
      if (seen === 'need_more') return
      if (seen === 'violation') {
        this.#isLost = true
        return
      }
      if (seen === 'message' && scanner.type === BACKEND.readyForQuery)
        this.isIdle = scanner.body()[0] === TRANSACTION_STATUS.idle
      scanner.take()
    }
  }
}

export class Relay {
  readonly #client: Socket
  readonly #gateway: Duplex
  readonly #answers = new WatchedAnswers()
  #isEnding = false
  /** Settles when both sides are closed. */
  readonly over: Promise<void>

  constructor(client: Socket, gateway: Duplex) {
    this.#client = client
    this.#gateway = gateway
    client.on('data', () => {
      // Whatever it is: the answer is not there yet.
      this.#answers.isIdle = false
    })
    this.over = this.#run()
  }

  /** Whether no statement runs and no transaction is open, as far as what has passed tells. */
  get isIdle(): boolean {
    return this.#answers.isIdle && this.#answers.isBetweenMessages
  }

  /** Ends the session; the client reads why, as from PostgreSQL when it is shut down. */
  async end(): Promise<void> {
    if (this.#isEnding) return this.over
    this.#isEnding = true
    const isBetween = this.#answers.isBetweenMessages
    this.#gateway.unpipe(this.#answers)
    this.#answers.unpipe(this.#client)
    const farewell = isBetween
      ? encodeErrorResponse({
          severity: 'FATAL',
          sqlstate: '57P01',
          message: 'terminating connection because lakegate proxy stops',
        })
      : Buffer.alloc(0)
    closeInTime(this.#client, this.#gateway)
    await new Promise<void>((resolve) => {
      this.#client.once('close', resolve)
      this.#client.end(farewell, resolve)
    })
    this.#gateway.end()
    return this.over
  }

  async #run(): Promise<void> {
    const closed = Promise.all([closeOf(this.#client), closeOf(this.#gateway)])
    const [client, gateway] = [this.#client, this.#gateway]
    // A session is over when either side is; what the gateway said last still reaches the client.
    const toGateway = pipeline(client, gateway).catch(() => gateway.destroy())
    const toClient = pipeline(gateway, this.#answers, client).catch(() => client.destroy())
    await Promise.race([toGateway, toClient])
    closeInTime(client, gateway)
    await closed
  }
}

/** How long the last messages may take on their way. */
const CLOSE_LIMIT_MS = 2_000

function closeInTime(...streams: readonly Duplex[]): void {
  setTimeout(() => {
    for (const stream of streams) stream.destroy()
  }, CLOSE_LIMIT_MS).unref()
}

const closeOf = async (stream: Duplex): Promise<void> => {
  if (!stream.closed) await once(stream, 'close').catch(() => undefined)
}
