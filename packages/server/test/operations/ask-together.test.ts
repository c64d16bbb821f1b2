import { describe, expect, it } from 'vitest'
import { askTogether, type TogetherOptions } from '../../src/operations/ask-together.ts'

/** Answers when it is told to, and keeps what it was asked. */
function createOracle(options: Partial<TogetherOptions<string>> = {}) {
  const batches: {
    readonly questions: readonly string[]
    answer(): void
    fail(error: Error): void
  }[] = []
  const ask = askTogether(
    (questions: readonly string[]) =>
      new Promise<readonly string[]>((resolve, reject) => {
        batches.push({
          questions,
          answer: () => {
            resolve(questions.map((question) => `answer to ${question}`))
          },
          fail: reject,
        })
      }),
    {
      keyOf: (question) => question,
      largestBatch: 100,
      mostUnderWay: 1,
      isAboutOne: (error) => error instanceof RangeError,
      ...options,
    },
  )
  return { ask, batches, asked: () => batches.map(({ questions }) => questions) }
}

/** What waits for this turn of the event loop to end has had its turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('questions that are asked together', () => {
  it('become one, and everybody gets the own answer', async () => {
    const { ask, batches, asked } = createOracle()
    const answers = Promise.all(['a', 'b', 'c'].map(ask))
    await turn()
    batches[0]?.answer()
    await expect(answers).resolves.toEqual(['answer to a', 'answer to b', 'answer to c'])
    expect(asked()).toEqual([['a', 'b', 'c']])
  })

  it('are never answered by what was read before they were asked', async () => {
    const { ask, batches, asked } = createOracle()
    const early = ask('a')
    await turn()
    // The same question, while the first one is under way.
    const late = ask('a')
    await turn()
    expect(asked()).toEqual([['a']])
    batches[0]?.answer()
    await early
    await turn()
    expect(asked()).toEqual([['a'], ['a']])
    batches[1]?.answer()
    await expect(late).resolves.toBe('answer to a')
  })

  it('are asked once when they are the same', async () => {
    const { ask, batches, asked } = createOracle()
    const answers = Promise.all(['a', 'b', 'a'].map(ask))
    await turn()
    batches[0]?.answer()
    await expect(answers).resolves.toEqual(['answer to a', 'answer to b', 'answer to a'])
    expect(asked()).toEqual([['a', 'b']])
  })

  it('come in batches of a bounded size, so many at a time', async () => {
    const { ask, batches, asked } = createOracle({ largestBatch: 2, mostUnderWay: 2 })
    const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map(ask))
    await turn()
    expect(asked()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    batches[1]?.answer()
    await turn()
    expect(asked()).toHaveLength(3)
    batches[0]?.answer()
    batches[2]?.answer()
    await expect(answers).resolves.toHaveLength(5)
  })

  it('all fail when the batch cannot be asked, and the next one is asked again', async () => {
    const { ask, batches } = createOracle()
    const settled = Promise.allSettled(['a', 'b'].map(ask))
    await turn()
    batches[0]?.fail(new Error('down'))
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const again = ask('a')
    await turn()
    batches[1]?.answer()
    await expect(again).resolves.toBe('answer to a')
  })

  it('are asked one by one when one of them is at fault, which alone fails', async () => {
    const ask = askTogether(
      (questions: readonly string[]) =>
        questions.includes('bad') ? Promise.reject(new RangeError('bad')) : Promise.resolve(questions),
      {
        keyOf: (question) => question,
        largestBatch: 100,
        mostUnderWay: 1,
        isAboutOne: (error) => error instanceof RangeError,
      },
    )
    const settled = await Promise.allSettled(['a', 'bad', 'b'].map(ask))
    expect(settled).toMatchObject([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected' },
      { status: 'fulfilled', value: 'b' },
    ])
  })

  it('of one lane do not wait for those of another', async () => {
    const { ask, batches, asked } = createOracle({ laneOf: (question) => question.slice(0, 1) })
    const stuck = ask('x1')
    const other = ask('y1')
    await turn()
    expect(asked()).toEqual([['x1'], ['y1']])
    batches[1]?.answer()
    await expect(other).resolves.toBe('answer to y1')
    batches[0]?.answer()
    await stuck
  })

  it('fail when an answer is missing, rather than get the answer of another', async () => {
    const ask = askTogether((questions: readonly string[]) => Promise.resolve(questions.slice(1)), {
      keyOf: (question) => question,
      largestBatch: 100,
      mostUnderWay: 1,
      isAboutOne: () => false,
    })
    const settled = await Promise.allSettled(['a', 'b'].map(ask))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
