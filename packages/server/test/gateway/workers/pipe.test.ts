/** The pipe between two processes of a gateway: notices and questions, many in one message. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createPipe, type Pipe } from '../../../src/gateway/workers/pipe.ts'

interface Asked {
  double: [question: number, answer: number]
}

const DOUBLES = { double: (number: number) => Promise.resolve(2 * number) }

/** Two ends. @returns what each message held, too */
function connected() {
  const messages: (readonly unknown[])[] = []
  const heard: string[] = []
  const left: Pipe<string, Asked> = createPipe<string, string, Asked, Asked>(
    (envelopes) => {
      messages.push(envelopes)
      right.receive(structuredClone(envelopes), undefined)
    },
    () => undefined,
    DOUBLES,
  )
  const right: Pipe<string, Asked> = createPipe<string, string, Asked, Asked>(
    (envelopes) => {
      left.receive(structuredClone(envelopes), undefined)
    },
    (notice) => heard.push(notice),
    DOUBLES,
  )
  return { left, messages, heard }
}

describe('a pipe between the processes of a gateway', () => {
  it('takes what is said in one turn as one message, in its order', async () => {
    const { left, messages, heard } = connected()
    left.notify('first')
    await Promise.resolve()
    left.notify('second')
    expect(messages).toEqual([])
    await turn()
    expect(messages).toHaveLength(1)
    expect(heard).toEqual(['first', 'second'])
  })

  it('sends at once what is to go before the end, and not again', async () => {
    const { left, messages } = connected()
    left.notify('failed')
    left.flush()
    expect(messages).toHaveLength(1)
    await turn()
    expect(messages).toHaveLength(1)
  })

  it('gives every question its own answer', async () => {
    const { left } = connected()
    await expect(Promise.all([1, 2, 3].map((number) => left.ask('double', number)))).resolves.toEqual([
      2, 4, 6,
    ])
  })

  it('leaves nobody waiting when the other process is gone', async () => {
    const silent = createPipe<string, string, Asked, Asked>(
      () => undefined,
      () => undefined,
      DOUBLES,
    )
    const answer = silent.ask('double', 1)
    silent.close()
    await expect(answer).resolves.toBeUndefined()
    await expect(silent.ask('double', 2)).resolves.toBeUndefined()
  })
})
