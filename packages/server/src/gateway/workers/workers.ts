/**
 * The processes that serve connections. This process listens, hands every socket to the one that has the fewest, and
 * counts for all of them. A worker that dies takes its own sessions with it and is replaced; when this process dies,
 * its listeners go with it and the workers serve what they have to the end (docs/decisions/0009-gateway-workers.md).
 */
import { fork, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { Fault } from '../../domain/fault.ts'
import { createFailedLogins } from '../../operations/login/failed-login-brake.ts'
import { createPlaces, type CounterName } from '../connection-limits.ts'
import { gatherMessages, type GatheredMessages } from './gathered-messages.ts'
import type { ConnectionTarget, GatewayLog } from '../settings.ts'
import type { CancelByWire, FromWorker, ToWorker } from './worker-messages.ts'

export interface Workers<Setup, Snapshot> {
  readonly count: number
  /** How many of them serve now. */
  ready(): number
  /**
   * They run already, and learn now what to serve. Resolves when all of them do.
   * @param onCancel a worker asks about a key that none of its own sessions has
   */
  start(setup: Setup, onCancel: (request: CancelByWire) => void): Promise<void>
  handOver(socket: Socket, target: ConnectionTarget): void
  reload(setup: Setup): void
  /** To every worker but one; a session is served by one of them at most. */
  cancel(request: CancelByWire): void
  /** Resolves when all have ended; no other takes their place. */
  drain(limitMs: number): Promise<void>
  hurry(): void
  /** The metrics of those that answer in time. */
  measure(): Promise<readonly Snapshot[]>
}

/** A program that runs workers, e.g. Node. */
export interface WorkerRuntime {
  /** For the log. */
  readonly name: string
  readonly program: string
  /** What stands before the file that it runs. */
  readonly options: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

interface Worker<Setup> {
  readonly child: ChildProcess
  readonly runtime: WorkerRuntime
  readonly messages: GatheredMessages<ToWorker<Setup>>
  /** Connections handed over and not yet over. */
  load: number
  isReady: boolean
  readonly places: Map<string, number>
  /** Handed over, and not yet acknowledged: a worker that dies may leave them to nobody, and their clients would wait. */
  readonly undelivered: Map<number, Socket>
}

/** A worker that cannot even start is not started again in a tight loop. */
const RESTART_PAUSE_MS = 1_000
/** A worker that is to stop says goodbye to its clients for a few seconds; one that takes longer hangs. */
const STUCK_AFTER_MS = 15_000
const MEASURE_LIMIT_MS = 2_000

/** @param options `runtimes`: the first is used; one whose workers all end before they serve gives way to the next */
export function createWorkers<Setup, Snapshot>(options: {
  readonly entry: URL
  readonly runtimes: readonly [WorkerRuntime, ...WorkerRuntime[]]
  readonly count: number
  readonly log: GatewayLog
}): Workers<Setup, Snapshot> {
  const { log } = options
  let [runtime, ...otherRuntimes] = options.runtimes
  let wasEverReady = false
  /** A worker ran and said what is wrong with the rest of the system: no other runtime mends that. */
  let hasFailed = false
  const workers = new Set<Worker<Setup>>()
  const counts = {
    logins: createPlaces(),
    sessions: createPlaces(),
    roles: createPlaces(),
    databases: createPlaces(),
  }
  const failedLogins = createFailedLogins()
  /** Taken while no worker was ready; there is one a moment later. */
  let waiting: { readonly socket: Socket; readonly target: ConnectionTarget }[] = []
  let current: Setup | undefined
  let isStopping = false
  let lastId = 0
  let onCancel: (request: CancelByWire) => void = () => undefined
  let started: { resolve(): void; reject(error: Error): void } | undefined

  const tell = ({ messages }: Worker<Setup>, message: ToWorker<Setup>): void => {
    messages.say(message)
  }

  function startOne(): void {
    const child = fork(options.entry, [], {
      // A session of its own: Ctrl-C in a terminal is for the process that listens, which tells its workers.
      detached: true,
      execPath: runtime.program,
      execArgv: [...runtime.options],
      env: { ...environmentOfWorker(), ...runtime.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const messages = gatherMessages<ToWorker<Setup>>((gathered) => {
      // A worker that just died is replaced by its exit, which is reported; there is nothing to add here.
      if (child.connected) child.send(gathered, () => undefined)
    })
    const worker: Worker<Setup> = {
      ...{ child, runtime, messages, load: 0, isReady: false },
      ...{ places: new Map<string, number>(), undelivered: new Map<number, Socket>() },
    }
    workers.add(worker)
    child.on('message', (gathered: readonly FromWorker<Snapshot>[]) => {
      for (const message of gathered) hear(worker, message)
    })
    child.once('error', (error) => {
      log.error({ err: error }, 'a worker of the gateway cannot be reached')
      // Where the program itself cannot be run there is no exit.
      if (child.pid === undefined) onExit(worker, null, null)
    })
    child.once('exit', (code, signal) => {
      onExit(worker, code, signal)
    })
    if (current !== undefined) tell(worker, { kind: 'start', setup: current })
  }

  function onExit(worker: Worker<Setup>, code: number | null, signal: NodeJS.Signals | null): void {
    workers.delete(worker)
    for (const [name, count] of worker.places) giveBack(name, count)
    // Closed and not given to another: the dead one may have begun to read.
    for (const socket of worker.undelivered.values()) socket.destroy()
    if (!isStopping && !worker.isReady && givesWay(worker.runtime)) {
      startOne()
      return
    }
    // One that ends before it has said anything would be started again for ever, and nobody told.
    if (!worker.isReady) started?.reject(neverReady(code, signal))
    if (isStopping) return
    log.error(
      { code, signal, pid: worker.child.pid },
      'a worker of the gateway ended; another takes its place',
    )
    if (worker.isReady) startOne()
    else setTimeout(startIfNeeded, RESTART_PAUSE_MS).unref()
  }

  const hasAnother = (failed: WorkerRuntime): boolean => failed !== runtime || otherRuntimes.length > 0

  /** @returns whether another runtime is there for those that this one cannot run */
  function givesWay(failed: WorkerRuntime): boolean {
    if (wasEverReady || hasFailed) return false
    if (failed !== runtime) return true
    const [next, ...rest] = otherRuntimes
    if (next === undefined) return false
    log.error(
      { program: failed.program },
      `workers of the gateway do not run on ${failed.name} here; they run on ${next.name} now`,
    )
    runtime = next
    otherRuntimes = rest
    return true
  }

  const startIfNeeded = (): void => {
    if (!isStopping && workers.size < options.count) startOne()
  }

  function giveBack(name: string, count: number): void {
    const [counter = '', ...key] = name.split(' ')
    for (let given = 0; given < count; given += 1) counts[counter as CounterName].giveBack(key.join(' '))
  }

  function hear(worker: Worker<Setup>, message: FromWorker<Snapshot>): void {
    switch (message.kind) {
      case 'measured':
        worker.child.emit('measured', message.snapshot)
        return
      case 'ready':
        worker.isReady = true
        wasEverReady = true
        for (const { socket, target } of waiting.splice(0)) give(worker, socket, target)
        if ([...workers].every(({ isReady }) => isReady)) started?.resolve()
        return
      case 'failed':
        // What is no fault of the system may be one of the runtime, e.g. a key of a kind that it does not know.
        if (message.fault === undefined && !wasEverReady && hasAnother(worker.runtime)) {
          log.error(
            { reason: message.reason },
            `a worker of the gateway cannot start on ${worker.runtime.name}`,
          )
          return
        }
        hasFailed = true
        started?.reject(failureOf(message))
        log.error({ reason: message.reason }, 'a worker of the gateway cannot start')
        return
      case 'received':
        release(worker, message.id)
        return
      case 'closed':
        worker.load -= 1
        return
      case 'take':
        tell(worker, { kind: 'taken', request: message.request, isTaken: take(worker, message) })
        return
      case 'failed_logins': {
        const answer = failedLogins.answer(message.question)
        tell(worker, { kind: 'failed_logins', request: message.request, answer })
        return
      }
      case 'give_back': {
        const name = `${message.counter} ${message.key}`
        const taken = worker.places.get(name) ?? 0
        if (taken === 0) return
        if (taken === 1) worker.places.delete(name)
        else worker.places.set(name, taken - 1)
        giveBack(name, 1)
        return
      }
      case 'cancel':
        onCancel(message.request)
        for (const other of workers) if (other !== worker) tell(other, message)
        return
    }
  }

  function take(worker: Worker<Setup>, { counter, key, most }: FromWorker & { kind: 'take' }): boolean {
    if (!counts[counter].take(key, most)) return false
    const name = `${counter} ${key}`
    worker.places.set(name, (worker.places.get(name) ?? 0) + 1)
    return true
  }

  function give(worker: Worker<Setup>, socket: Socket, target: ConnectionTarget): void {
    worker.load += 1
    const id = (lastId += 1)
    worker.undelivered.set(id, socket)
    const message: ToWorker<Setup> = { kind: 'connection', id, target }
    // Kept open here until the worker has its own: closing ours ends nothing then.
    worker.messages.flush()
    worker.child.send([message], socket, { keepOpen: true }, (error) => {
      if (error !== null) release(worker, id)
    })
  }

  function release(worker: Worker<Setup>, id: number): void {
    worker.undelivered.get(id)?.destroy()
    worker.undelivered.delete(id)
  }

  const readyOnes = () => [...workers].filter(({ isReady, child }) => isReady && child.connected)

  function handOver(socket: Socket, target: ConnectionTarget): void {
    const [first, ...others] = readyOnes()
    if (first === undefined) {
      waiting.push({ socket, target })
      socket.once('close', () => {
        waiting = waiting.filter((entry) => entry.socket !== socket)
      })
      return
    }
    give(
      others.reduce((least, other) => (other.load < least.load ? other : least), first),
      socket,
      target,
    )
  }

  for (let count = 0; count < options.count; count += 1) startOne()

  return {
    count: options.count,
    ready: () => readyOnes().length,
    start(setup, tellOfCancel) {
      current = setup
      onCancel = tellOfCancel
      return new Promise((resolve, reject) => {
        started = { resolve, reject }
        for (const worker of workers) tell(worker, { kind: 'start', setup })
      })
    },
    handOver,
    reload(setup) {
      current = setup
      for (const worker of workers) tell(worker, { kind: 'reload', setup })
    },
    cancel(request) {
      for (const worker of workers) tell(worker, { kind: 'cancel', request })
    },
    async drain(limitMs) {
      isStopping = true
      for (const { socket } of waiting.splice(0)) socket.destroy()
      await Promise.all(
        [...workers].map(async (worker) => {
          const ended = new Promise((resolve) => worker.child.once('exit', resolve))
          tell(worker, { kind: 'drain', limitMs })
          const impatience = setTimeout(() => worker.child.kill('SIGKILL'), limitMs + STUCK_AFTER_MS)
          await ended
          clearTimeout(impatience)
        }),
      )
    },
    async measure() {
      const answers = readyOnes().map(
        (worker) =>
          new Promise<readonly Snapshot[]>((resolve) => {
            const onMeasured = (snapshot: Snapshot) => {
              clearTimeout(impatience)
              resolve([snapshot])
            }
            const impatience = setTimeout(() => {
              worker.child.off('measured', onMeasured)
              resolve([])
            }, MEASURE_LIMIT_MS)
            worker.child.once('measured', onMeasured)
            tell(worker, { kind: 'measure' })
          }),
      )
      return (await Promise.all(answers)).flat()
    },
    hurry() {
      for (const worker of workers) tell(worker, { kind: 'hurry' })
    },
  }
}

function failureOf({ reason, fault }: FromWorker & { kind: 'failed' }): Error {
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

/** Nothing of ours: what a worker must know, it is told. */
function environmentOfWorker(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_')))
}
