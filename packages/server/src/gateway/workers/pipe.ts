/**
 * One end of the pipe between two processes: notices, and questions with answers. Everything sent in one turn of the
 * event loop goes as one message, because each message costs both processes a system call and a wake-up.
 */
import type { SendHandle } from 'node:child_process'

/** By name: [question, answer]. */
export type Questions<Names> = {
  readonly [Name in keyof Names]: readonly [question: unknown, answer: unknown]
}

export type Answers<Asked extends Questions<Asked>> = {
  readonly [Name in keyof Asked]: (
    question: Asked[Name][0],
    handle: unknown,
  ) => Asked[Name][1] | Promise<Asked[Name][1]>
}

export interface Pipe<Notice, Asked extends Questions<Asked>> {
  notify(notice: Notice): void
  /**
   * @param handle a socket that is sent with the question
   * @returns undefined when the other process is gone
   */
  ask<Name extends keyof Asked & string>(
    name: Name,
    question: Asked[Name][0],
    handle?: SendHandle,
  ): Promise<Asked[Name][1] | undefined>
  /** Handles a message from the other process. */
  receive(envelopes: unknown, handle: unknown): void
  /** Sends everything queued at once; needed before the process ends. */
  flush(): void
  /** The other process is gone: open questions get no answer. */
  close(): void
}

type Envelope =
  | { readonly notice: unknown }
  | { readonly ask: string; readonly id: number; readonly question: unknown }
  | { readonly answerTo: number; readonly answer: unknown }

/** @param send writes to the other process */
export function createPipe<
  Notice,
  // Named by the callers, to distinguish the two directions.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  Heard,
  Asked extends Questions<Asked>,
  Answered extends Questions<Answered>,
>(
  send: (envelopes: readonly unknown[], handle?: SendHandle) => void,
  onNotice: (notice: Heard) => void,
  answers: Answers<Answered>,
): Pipe<Notice, Asked> {
  const waiting = new Map<number, (answer: unknown) => void>()
  let said: Envelope[] = []
  let lastId = 0
  let isClosed = false

  const flush = (): void => {
    const envelopes = said
    said = []
    if (envelopes.length > 0 && !isClosed) send(envelopes)
  }

  const say = (envelope: Envelope): void => {
    said.push(envelope)
    if (said.length === 1) setImmediate(flush)
  }

  async function answer(name: string, id: number, question: unknown, handle: unknown): Promise<void> {
    const judge = answers[name as keyof Answered]
    say({ answerTo: id, answer: await judge(question, handle) })
  }

  function receiveOne(envelope: Envelope, handle: unknown): void {
    if ('notice' in envelope) {
      onNotice(envelope.notice as Heard)
    } else if ('ask' in envelope) {
      void answer(envelope.ask, envelope.id, envelope.question, handle)
    } else {
      waiting.get(envelope.answerTo)?.(envelope.answer)
      waiting.delete(envelope.answerTo)
    }
  }

  return {
    notify(notice) {
      say({ notice })
    },
    ask(name, question, handle) {
      if (isClosed) return Promise.resolve(undefined)
      const id = (lastId += 1)
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        const envelope: Envelope = { ask: name, id, question }
        if (handle === undefined) {
          say(envelope)
          return
        }
        // A socket goes with one message, after everything queued before.
        flush()
        send([envelope], handle)
      })
    },
    receive(envelopes, handle) {
      // The other end is a process of ours, on a pipe that no other process has.
      for (const envelope of envelopes as readonly Envelope[]) receiveOne(envelope, handle)
    },
    flush,
    close() {
      isClosed = true
      for (const resolve of waiting.values()) resolve(undefined)
      waiting.clear()
    },
  }
}
