/** The pipe of a worker to the process that listens: what comes in, what is asked, and what its end means. */
import type { Socket } from 'node:net'
import { Fault } from '../../domain/fault.ts'
import { once, type Counter, type CounterName, type Counters } from '../connection-limits.ts'
import { gatherMessages } from './gathered-messages.ts'
import type { Serving } from '../serving.ts'
import { createFailedLogins } from '../../operations/login/failed-login-brake.ts'
import type { FailedLoginBrake, FailedLoginsAnswer } from '../../operations/ports/proof.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import type { CancelByWire, FromWorker, ToWorker } from './worker-messages.ts'

export interface WorkerLine {
  readonly counters: Counters
  readonly brake: FailedLoginBrake
  cancelElsewhere(request: CancelRequest): void
}

export const toWire = ({ processId, key }: CancelRequest): CancelByWire => ({
  processId,
  keyHex: key.toString('hex'),
})
export const fromWire = ({ processId, keyHex }: CancelByWire): CancelRequest => ({
  kind: 'cancel_request',
  processId,
  key: Buffer.from(keyHex, 'hex'),
})

/**
 * Serves until told to drain, or until the process that listens is gone and the last session has ended.
 * @param build called once, with what the first message says
 */
export function runWorker<Setup>(
  build: (
    setup: Setup,
    line: WorkerLine,
  ) => Promise<{
    serving: Serving
    reload(setup: Setup): Promise<void>
    measure(): Promise<unknown>
    /** Writes down what is still to be written, at the end. */
    stop(): Promise<void>
  }>,
): void {
  const answers = new Map<number, (isTaken: boolean) => void>()
  const judged = new Map<number, (answer: FailedLoginsAnswer | undefined) => void>()
  /** For those who got this far when the process that counts was gone. */
  const ownFailedLogins = createFailedLogins()
  let lastRequest = 0
  let built: Awaited<ReturnType<typeof build>> | undefined
  let isStopping = false

  const { say, flush } = gatherMessages<FromWorker>((messages) => {
    // The pipe may break at any moment; its end is what is acted upon.
    if (process.connected) process.send?.(messages, undefined, undefined, () => undefined)
  })
  const counter = (name: CounterName): Counter => ({
    async take(key, most) {
      lastRequest += 1
      const request = lastRequest
      const isTaken = await new Promise<boolean>((resolve) => {
        answers.set(request, resolve)
        // Nobody else takes places any more: those who got this far finish.
        if (!process.connected) settle(request, true)
        say({ kind: 'take', request, counter: name, key, most })
      })
      return isTaken
        ? once(() => {
            say({ kind: 'give_back', counter: name, key })
          })
        : undefined
    },
  })
  const settle = (request: number, isTaken: boolean): void => {
    answers.get(request)?.(isTaken)
    answers.delete(request)
  }
  const brake: FailedLoginBrake = async (question) => {
    lastRequest += 1
    const request = lastRequest
    const answer = await new Promise<FailedLoginsAnswer | undefined>((resolve) => {
      judged.set(request, resolve)
      if (!process.connected) hearJudgement(request, undefined)
      say({ kind: 'failed_logins', request, question })
    })
    return answer ?? ownFailedLogins.answer(question)
  }
  const hearJudgement = (request: number, answer: FailedLoginsAnswer | undefined): void => {
    judged.get(request)?.(answer)
    judged.delete(request)
  }
  const line: WorkerLine = {
    brake,
    counters: {
      logins: counter('logins'),
      sessions: counter('sessions'),
      roles: counter('roles'),
      databases: counter('databases'),
    },
    cancelElsewhere: (request) => {
      say({ kind: 'cancel', request: toWire(request) })
    },
  }

  async function start(setup: Setup): Promise<void> {
    try {
      built = await build(setup, line)
      say({ kind: 'ready' })
    } catch (error) {
      say({
        kind: 'failed',
        reason: error instanceof Error ? error.message : String(error),
        ...(error instanceof Fault
          ? { fault: { code: error.code, origin: error.origin, nextStep: error.nextStep } }
          : {}),
      })
      flush()
      process.disconnect()
    }
  }

  async function leave(): Promise<void> {
    await built?.stop()
    process.exit(0)
  }

  async function drain(limitMs: number): Promise<void> {
    isStopping = true
    await built?.serving.drain(limitMs)
    await leave()
  }

  async function measure(): Promise<void> {
    say({ kind: 'measured', snapshot: await built?.measure() })
  }

  function hear(message: ToWorker<Setup>, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'start':
        void start(message.setup)
        return
      case 'connection':
        say({ kind: 'received', id: message.id })
        if (socket === undefined) {
          // Its client went away on the way here.
          say({ kind: 'closed' })
          return
        }
        socket.once('close', () => {
          say({ kind: 'closed' })
        })
        built?.serving.accept(socket, message.target)
        return
      case 'taken':
        settle(message.request, message.isTaken)
        return
      case 'failed_logins':
        hearJudgement(message.request, message.answer)
        return
      case 'cancel':
        void built?.serving.cancelHere(fromWire(message.request))
        return
      case 'reload':
        void built?.reload(message.setup)
        return
      case 'drain':
        void drain(message.limitMs)
        return
      case 'measure':
        void measure()
        return
      case 'hurry':
        built?.serving.hurry()
        return
    }
  }

  async function onOrphaned(): Promise<void> {
    for (const request of answers.keys()) settle(request, true)
    for (const request of judged.keys()) hearJudgement(request, undefined)
    if (isStopping) {
      // Whoever ended it in the middle of a stop wants no more waiting.
      built?.serving.hurry()
      return
    }
    await built?.serving.whenIdle()
    await leave()
  }

  process.on('message', (messages, socket) => {
    for (const message of messages as readonly ToWorker<Setup>[]) hear(message, socket as Socket | undefined)
  })
  process.once('disconnect', () => void onOrphaned())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // While somebody listens, that process decides; afterwards a signal is meant for this one.
      if (!process.connected && signal !== 'SIGHUP') process.exit(0)
    })
  }
}
