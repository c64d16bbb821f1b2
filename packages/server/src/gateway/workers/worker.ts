/** A worker, and its end of the pipe to the process that started it (messages.ts). */
import type { Server } from 'node:net'
import { Fault } from '../../domain/fault.ts'
import { createFailedLogins } from '../../operations/login/failed-login-brake.ts'
import type { FailedLoginBrake } from '../../operations/ports/proof.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import type { Counters } from '../connection-limits.ts'
import type { ServingHere } from '../serve-here.ts'
import { LeasedPlaces } from './leased-places.ts'
import {
  fromWire,
  toWire,
  type AskedOfMain,
  type AskedOfWorker,
  type ListenFailure,
  type NoticeFromWorker,
  type NoticeToWorker,
} from './messages.ts'
import { createPipe, type Pipe } from './pipe.ts'
import { WatchedNetworks } from './watched-networks.ts'

/** What a process that serves shares with the others of its node. */
export interface SharedWithNode {
  readonly counters: Counters
  readonly brake: FailedLoginBrake
  /** Asks the other processes and nodes about a key that no session here has. */
  cancelElsewhere(request: CancelRequest): void
}

export interface BuiltWorker<Setup> {
  readonly serving: ServingHere
  reload(setup: Setup): Promise<void>
  measure(): Promise<unknown>
  /** Writes what is still to be written, before the process ends. */
  stop(): Promise<void>
}

/** How often unused places are given back. */
const SWEEP_MS = 1_000

/**
 * Serves until told to drain, or until the process that started it is gone and the last session has ended.
 * @param build called once, with the setup from the first message
 */
export function runWorker<Setup>(
  build: (setup: Setup, shared: SharedWithNode) => Promise<BuiltWorker<Setup>>,
): void {
  const worker = new Worker(build)
  process.on('message', (envelopes, handle) => {
    worker.receive(envelopes, handle)
  })
  process.once('disconnect', () => void worker.onAlone())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // While the process that started it is there, that process decides; afterwards a signal is meant for this one.
      if (!process.connected && signal !== 'SIGHUP') process.exit(0)
    })
  }
}

class Worker<Setup> {
  readonly #build: (setup: Setup, shared: SharedWithNode) => Promise<BuiltWorker<Setup>>
  #built: BuiltWorker<Setup> | undefined
  #isStopping = false
  readonly #listeners = new Map<number, { close(): void }>()
  readonly #watched = new WatchedNetworks()
  /** Used when the process that counts for all workers is gone. */
  readonly #ownFailedLogins = createFailedLogins()
  readonly #places: LeasedPlaces = new LeasedPlaces({
    ask: (question) => this.#pipe.ask('lease', question),
    giveBack: (places, count) => {
      this.#pipe.notify({ kind: 'give_back', ...places, count })
    },
  })
  readonly #pipe: Pipe<NoticeFromWorker, AskedOfMain> = createPipe<
    NoticeFromWorker,
    NoticeToWorker<Setup>,
    AskedOfMain,
    AskedOfWorker
  >(
    (envelopes) => {
      // The pipe may break at any moment; we act on its `disconnect`.
      if (process.connected) process.send?.(envelopes, undefined, undefined, () => undefined)
    },
    (notice) => {
      this.#receiveNotice(notice)
    },
    {
      listen: (question, handle) => this.#listen(question, handle as Server | undefined),
      recall: (places) => this.#places.recall(places),
      watch: (watched) => {
        this.#watched.watch(watched)
        return true
      },
      measure: () => this.#built?.measure(),
    },
  )

  constructor(build: (setup: Setup, shared: SharedWithNode) => Promise<BuiltWorker<Setup>>) {
    this.#build = build
    setInterval(() => {
      this.#places.sweep()
    }, SWEEP_MS).unref()
  }

  receive(envelopes: unknown, handle: unknown): void {
    this.#pipe.receive(envelopes, handle)
  }

  /** The process that started this one is gone: accepts no more connections. */
  async onAlone(): Promise<void> {
    this.#pipe.close()
    this.#unlistenAll()
    if (this.#isStopping) {
      // Whoever killed it in the middle of a drain does not want to wait any longer.
      this.#built?.serving.endDrain()
      return
    }
    await this.#built?.serving.whenIdle()
    await this.#leave()
  }

  #receiveNotice(notice: NoticeToWorker<Setup>): void {
    switch (notice.kind) {
      case 'start':
        for (const watched of notice.watched) this.#watched.watch(watched)
        void this.#start(notice.setup)
        return
      case 'unlisten':
        this.#listeners.get(notice.listener)?.close()
        this.#listeners.delete(notice.listener)
        return
      case 'cancel':
        void this.#built?.serving.cancelHere(fromWire(notice.request))
        return
      case 'reload':
        void this.#built?.reload(notice.setup)
        return
      case 'drain':
        void this.#drain(notice.limitMs)
        return
      case 'end_drain':
        this.#built?.serving.endDrain()
        return
    }
  }

  async #start(setup: Setup): Promise<void> {
    try {
      this.#built = await this.#build(setup, {
        brake: async (question) =>
          this.#watched.answer(question) ??
          (await this.#pipe.ask('failed_logins', question)) ??
          this.#ownFailedLogins.answer(question),
        counters: {
          logins: this.#places.counter('logins'),
          sessions: this.#places.counter('sessions'),
          roles: this.#places.counter('roles'),
          databases: this.#places.counter('databases'),
        },
        cancelElsewhere: (request) => {
          this.#pipe.notify({ kind: 'cancel', request: toWire(request) })
        },
      })
      this.#pipe.notify({ kind: 'ready' })
    } catch (error) {
      this.#pipe.notify({
        kind: 'failed',
        reason: error instanceof Error ? error.message : String(error),
        ...(error instanceof Fault
          ? { fault: { code: error.code, origin: error.origin, nextStep: error.nextStep } }
          : {}),
      })
      this.#pipe.flush()
      process.disconnect()
    }
  }

  async #listen(
    { listener, address, target }: AskedOfWorker['listen'][0],
    server: Server | undefined,
  ): Promise<ListenFailure | null> {
    if (this.#built === undefined || this.#isStopping) {
      server?.close()
      return { message: 'the worker does not serve' }
    }
    const { serving } = this.#built
    try {
      if (server === undefined) this.#listeners.set(listener, await serving.listen(address, target))
      else {
        this.#listeners.set(listener, server)
        serving.takeConnections(server, target)
      }
      return null
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const { message } = error
      return 'code' in error && typeof error.code === 'string' ? { code: error.code, message } : { message }
    }
  }

  #unlistenAll(): void {
    for (const server of this.#listeners.values()) server.close()
    this.#listeners.clear()
  }

  async #drain(limitMs: number): Promise<void> {
    this.#isStopping = true
    this.#unlistenAll()
    await this.#built?.serving.drain(limitMs)
    await this.#leave()
  }

  async #leave(): Promise<void> {
    await this.#built?.stop()
    process.exit(0)
  }
}
