/**
 * Serves connections in worker processes. This process decides where to listen, counts for all workers, and takes no
 * part in a login. When a worker ends, its own sessions end and it is replaced; when this process ends, the workers
 * accept no more connections and serve their open ones to the end (docs/decisions/0009-gateway-workers.md, 0018).
 */
import { fork, type ChildProcess } from 'node:child_process'
import { Fault } from '../../domain/fault.ts'
import { bindAddress, type BoundAddress } from '../listening/bind-address.ts'
import type { Address, OpenAddress } from '../listening/address.ts'
import type { Serving } from '../serving.ts'
import type { ConnectionTarget, GatewayLog } from '../settings.ts'
import { GrantedPlaces, type PlaceHolder } from './grant-places.ts'
import {
  toWire,
  type AskedOfMain,
  type AskedOfWorker,
  type CancelByWire,
  type ListenFailure,
  type NoticeFromWorker,
  type NoticeToWorker,
} from './messages.ts'
import { createPipe, type Pipe } from './pipe.ts'
import { FailedLoginCount } from './watched-networks.ts'

/** A program that runs workers, e.g. Node. */
export interface WorkerRuntime {
  /** For the log. */
  readonly name: string
  readonly program: string
  /** Arguments before the file to run. */
  readonly options: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /**
   * Its workers open each address themselves (SO_REUSEPORT), and the kernel spreads connections evenly over them. With
   * one shared socket, the worker that wakes first takes a whole burst.
   */
  readonly opensAddresses?: boolean
}

export interface ServingByWorkers<Setup, Snapshot> extends Serving {
  readonly count: number
  /**
   * Tells the running workers what to serve. Resolves when all of them do.
   * @param onCancel called when a worker asks about a key that none of its own sessions has
   */
  start(setup: Setup, onCancel: (request: CancelByWire) => void): Promise<void>
  reload(setup: Setup): void
  /** The metrics of the workers that answer in time. */
  measure(): Promise<readonly Snapshot[]>
}

export interface ServeByWorkersOptions {
  readonly entry: URL
  /** The first one is used; when all its workers end before they serve, the next one is tried. */
  readonly runtimes: readonly [WorkerRuntime, ...WorkerRuntime[]]
  readonly count: number
  readonly log: GatewayLog
}

interface Listener extends Address {
  readonly id: number
  /** Undefined where the workers open addresses themselves. */
  readonly bound: BoundAddress | undefined
  readonly target: ConnectionTarget
}

interface Worker<Setup> extends PlaceHolder {
  readonly child: ChildProcess
  readonly runtime: WorkerRuntime
  readonly pipe: Pipe<NoticeToWorker<Setup>, AskedOfWorker>
  isReady: boolean
}

/** A worker that cannot even start is not started again in a tight loop. */
const RESTART_PAUSE_MS = 1_000
/** A worker that drains ends its sessions within a few seconds after the limit; one that takes longer hangs. */
const STUCK_AFTER_MS = 15_000
const MEASURE_LIMIT_MS = 2_000

export function serveByWorkers<Setup, Snapshot>(
  options: ServeByWorkersOptions,
): ServingByWorkers<Setup, Snapshot> {
  return new WorkerGroup<Setup, Snapshot>(options)
}

class WorkerGroup<Setup, Snapshot> implements ServingByWorkers<Setup, Snapshot> {
  readonly count: number
  readonly #options: ServeByWorkersOptions
  readonly #workers = new Set<Worker<Setup>>()
  readonly #listeners = new Set<Listener>()
  readonly #places = new GrantedPlaces()
  readonly #failedLogins = new FailedLoginCount((watched) =>
    Promise.all([...this.#workers].map(({ pipe }) => pipe.ask('watch', watched))),
  )
  #runtime: WorkerRuntime
  #otherRuntimes: readonly WorkerRuntime[]
  #wasEverReady = false
  /** A worker ran and reported a fault in the rest of the system, which no other runtime would fix. */
  #hasFailed = false
  #setup: Setup | undefined
  #isStopping = false
  #lastListener = 0
  #onCancel: (request: CancelByWire) => void = () => undefined
  #started: { resolve(): void; reject(error: Error): void } | undefined

  constructor(options: ServeByWorkersOptions) {
    this.#options = options
    this.count = options.count
    ;[this.#runtime, ...this.#otherRuntimes] = options.runtimes
    for (let count = 0; count < options.count; count += 1) this.#startOne()
  }

  start(setup: Setup, onCancel: (request: CancelByWire) => void): Promise<void> {
    this.#setup = setup
    this.#onCancel = onCancel
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      for (const worker of this.#workers) this.#tellToStart(worker, setup)
    })
  }

  async listen(address: Address, target: ConnectionTarget): Promise<OpenAddress> {
    const bound = await bindAddress(address)
    const { host, port } = bound
    // Bound first even where the workers open the address themselves: an address that workers can share among
    // themselves could also be shared with another installation of the same account, and neither would notice.
    const isTheirs = this.#runtime.opensAddresses === true
    if (isTheirs) bound.close()
    const listener: Listener = {
      ...{ id: (this.#lastListener += 1), host, port, target },
      bound: isTheirs ? undefined : bound,
    }
    this.#listeners.add(listener)
    const failures = await Promise.all(this.#ready().map((worker) => this.#giveListener(worker, listener)))
    const failure = failures.find((one) => one !== null && one !== undefined)
    if (failure !== undefined) {
      this.#closeListener(listener)
      throw Object.assign(new Error(failure.message), failure)
    }
    return {
      host,
      port,
      close: () => {
        this.#closeListener(listener)
      },
    }
  }

  reload(setup: Setup): void {
    this.#setup = setup
    for (const { pipe } of this.#workers) pipe.notify({ kind: 'reload', setup })
  }

  cancel(request: Parameters<Serving['cancel']>[0]): void {
    this.#passCancel(toWire(request))
  }

  processes(): number {
    return this.#ready().length
  }

  async drain(limitMs: number): Promise<void> {
    this.#isStopping = true
    for (const listener of this.#listeners) this.#closeListener(listener)
    await Promise.all(
      [...this.#workers].map(async ({ child, pipe }) => {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        pipe.notify({ kind: 'drain', limitMs })
        const stuck = setTimeout(() => child.kill('SIGKILL'), limitMs + STUCK_AFTER_MS)
        await ended
        clearTimeout(stuck)
      }),
    )
  }

  endDrain(): void {
    for (const { pipe } of this.#workers) pipe.notify({ kind: 'end_drain' })
  }

  async measure(): Promise<readonly Snapshot[]> {
    const answers = await Promise.all(
      this.#ready().map(({ pipe }) => withinLimit(pipe.ask('measure', null), MEASURE_LIMIT_MS)),
    )
    // Workers run the same version as this process, so they return the type that the composition reads.
    return answers.filter(
      (answer) => answer !== undefined && answer !== null,
    ) as unknown as readonly Snapshot[]
  }

  #ready(): readonly Worker<Setup>[] {
    return [...this.#workers].filter(({ isReady, child }) => isReady && child.connected)
  }

  #startOne(): void {
    const runtime = this.#runtime
    const child = fork(this.#options.entry, [], {
      // A session of its own: Ctrl-C in a terminal goes to the main process only, which tells its workers.
      detached: true,
      execPath: runtime.program,
      execArgv: [...runtime.options],
      env: { ...environmentOfWorker(), ...runtime.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const pipe = createPipe<NoticeToWorker<Setup>, NoticeFromWorker, AskedOfWorker, AskedOfMain>(
      (envelopes, handle) => {
        // A worker that has just ended is replaced on `exit`, which is logged; there is nothing to add here.
        if (child.connected) child.send([...envelopes], handle, { keepOpen: true }, () => undefined)
      },
      (notice) => {
        this.#receive(worker, notice)
      },
      {
        lease: (question) => this.#places.grant(worker, question, this.#workers.size),
        failed_logins: (question) => this.#failedLogins.answer(question),
      },
    )
    const worker: Worker<Setup> = {
      ...{ child, runtime, pipe, isReady: false },
      isGone: () => !this.#workers.has(worker),
      recall: async (places) => (await pipe.ask('recall', places)) ?? 0,
    }
    this.#workers.add(worker)
    child.on('message', (envelopes) => {
      pipe.receive(envelopes, undefined)
    })
    child.once('error', (error) => {
      this.#options.log.error({ err: error }, 'a worker of the gateway cannot be reached')
      // When the program itself cannot be run, there is no `exit` event.
      if (child.pid === undefined) this.#onExit(worker, null, null)
    })
    child.once('exit', (code, signal) => {
      this.#onExit(worker, code, signal)
    })
    if (this.#setup !== undefined) this.#tellToStart(worker, this.#setup)
  }

  #tellToStart({ pipe }: Worker<Setup>, setup: Setup): void {
    pipe.notify({ kind: 'start', setup, watched: this.#failedLogins.watched() })
  }

  #onExit(worker: Worker<Setup>, code: number | null, signal: NodeJS.Signals | null): void {
    this.#workers.delete(worker)
    worker.pipe.close()
    this.#places.forget(worker)
    if (!this.#isStopping && !worker.isReady && this.#givesWay(worker.runtime)) {
      this.#startOne()
      return
    }
    // Otherwise a worker that always ends before it sends anything would be restarted for ever, and no caller would
    // learn of it.
    if (!worker.isReady) this.#started?.reject(neverReady(code, signal))
    if (this.#isStopping) return
    this.#options.log.error(
      { code, signal, pid: worker.child.pid },
      'a worker of the gateway ended; another takes its place',
    )
    if (worker.isReady) this.#startOne()
    else setTimeout(this.#startIfNeeded, RESTART_PAUSE_MS).unref()
  }

  readonly #startIfNeeded = (): void => {
    if (!this.#isStopping && this.#workers.size < this.count) this.#startOne()
  }

  #hasAnother(failed: WorkerRuntime): boolean {
    return failed !== this.#runtime || this.#otherRuntimes.length > 0
  }

  /** @returns whether there is another runtime for the workers that this one cannot run */
  #givesWay(failed: WorkerRuntime): boolean {
    if (this.#wasEverReady || this.#hasFailed) return false
    if (failed !== this.#runtime) return true
    const [next, ...rest] = this.#otherRuntimes
    if (next === undefined) return false
    this.#options.log.error(
      { program: failed.program },
      `workers of the gateway do not run on ${failed.name} here; they run on ${next.name} now`,
    )
    this.#runtime = next
    this.#otherRuntimes = rest
    return true
  }

  #receive(worker: Worker<Setup>, notice: NoticeFromWorker): void {
    switch (notice.kind) {
      case 'ready':
        worker.isReady = true
        this.#wasEverReady = true
        for (const listener of this.#listeners) void this.#giveAgain(worker, listener)
        if ([...this.#workers].every(({ isReady }) => isReady)) this.#started?.resolve()
        return
      case 'failed':
        this.#receiveFailure(worker, notice)
        return
      case 'give_back':
        this.#places.giveBack(worker, { counter: notice.counter, key: notice.key }, notice.count)
        return
      case 'cancel':
        this.#onCancel(notice.request)
        this.#passCancel(notice.request, worker)
        return
    }
  }

  #receiveFailure(worker: Worker<Setup>, notice: NoticeFromWorker & { kind: 'failed' }): void {
    const { log } = this.#options
    // Anything but a fault of the system may be the runtime's, e.g. a key type that it does not support.
    if (notice.fault === undefined && !this.#wasEverReady && this.#hasAnother(worker.runtime)) {
      log.error({ reason: notice.reason }, `a worker of the gateway cannot start on ${worker.runtime.name}`)
      return
    }
    this.#hasFailed = true
    this.#started?.reject(failureOf(notice))
    log.error({ reason: notice.reason }, 'a worker of the gateway cannot start')
  }

  /** To every worker but the one that asked; at most one of them serves the session. */
  #passCancel(request: CancelByWire, asker?: Worker<Setup>): void {
    for (const worker of this.#workers) if (worker !== asker) worker.pipe.notify({ kind: 'cancel', request })
  }

  /** @returns why the worker cannot listen, or null; undefined when it has ended meanwhile */
  #giveListener(
    { pipe }: Worker<Setup>,
    { id, host, port, bound, target }: Listener,
  ): Promise<ListenFailure | null | undefined> {
    return pipe.ask('listen', { listener: id, address: { host, port }, target }, bound?.server)
  }

  /**
   * For a worker that started later: no caller waits for the result, so the log reports when it cannot accept
   * connections there.
   */
  async #giveAgain(worker: Worker<Setup>, listener: Listener): Promise<void> {
    const failure = await this.#giveListener(worker, listener)
    if (failure === null || failure === undefined) return
    const { host, port } = listener
    this.#options.log.error(
      { ...failure, host, port, pid: worker.child.pid },
      'a worker of the gateway cannot listen; the others do, and a restart opens the address again',
    )
  }

  #closeListener(listener: Listener): void {
    if (!this.#listeners.delete(listener)) return
    for (const { pipe } of this.#workers) pipe.notify({ kind: 'unlisten', listener: listener.id })
    listener.bound?.close()
  }
}

async function withinLimit<Value>(value: Promise<Value>, limitMs: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined)
    }, limitMs)
  })
  try {
    return await Promise.race([value, limit])
  } finally {
    clearTimeout(timer)
  }
}

function failureOf({ reason, fault }: NoticeFromWorker & { kind: 'failed' }): Error {
  if (fault === undefined) return new Error(reason)
  const { nextStep, ...rest } = fault
  return new Fault({ ...rest, message: reason, ...(nextStep === undefined ? {} : { nextStep }) })
}

const neverReady = (code: number | null, signal: NodeJS.Signals | null): Fault =>
  new Fault({
    code: 'gateway_worker_ended',
    origin: 'machine',
    message: `A worker of the gateway ended while it started (${signal ?? `exit code ${String(code)}`}).`,
    nextStep: 'See what it printed, and whether the machine has memory and processes left for it.',
  })

/** Without our variables: everything that a worker must know is sent over the pipe. */
function environmentOfWorker(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_')))
}
