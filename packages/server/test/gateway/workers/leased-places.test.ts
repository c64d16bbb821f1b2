/** Places that several workers share: never more than the limit, never a refusal while one is free (attack 11; behaviour 69). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GrantedPlaces } from '../../../src/gateway/workers/grant-places.ts'
import { LeasedPlaces } from '../../../src/gateway/workers/leased-places.ts'
import type { PlacesOfKey } from '../../../src/gateway/workers/messages.ts'

/** Workers around one process that counts, with the messages between them one turn of the event loop away. */
function node(count: number) {
  const granted = new GrantedPlaces()
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const workers = Array.from({ length: count }, () => {
    let isGone = false
    let questions = 0
    const leased: LeasedPlaces = new LeasedPlaces({
      async ask(question) {
        questions += 1
        await turn()
        const places = await granted.grant(holder, question, count)
        await turn()
        return places
      },
      giveBack(places, number) {
        granted.giveBack(holder, places, number)
      },
    })
    const holder = {
      isGone: () => isGone,
      async recall(places: PlacesOfKey) {
        await turn()
        return leased.recall(places)
      },
    }
    return {
      leased,
      counter: leased.counter('sessions'),
      questions: () => questions,
      end() {
        isGone = true
        granted.forget(holder)
      },
    }
  })
  return workers
}

const at = <Value>(values: readonly Value[], index: number): Value => {
  const value = values[index]
  if (value === undefined) throw new Error('there is no such worker')
  return value
}

describe('places of several workers', () => {
  it('are as many as the limit, and the next is refused whoever asks', async () => {
    const one = at(node(2), 0)
    const taken = []
    for (let number = 0; number < 10; number += 1) taken.push(await one.counter.take('key', 10))
    expect(taken).not.toContain(undefined)
    await expect(one.counter.take('key', 10)).resolves.toBeUndefined()
  })

  it('are found by who needs the last one, although another worker holds it unused', async () => {
    const workers = node(2)
    const [first, second] = [at(workers, 0), at(workers, 1)]
    // Holds a block, of which it uses one.
    const place = await first.counter.take('key', 100)
    expect(place).toBeDefined()
    let taken = 0
    while ((await second.counter.take('key', 100)) !== undefined) taken += 1
    expect(taken).toBe(99)
  })

  it('cost a question only now and then', async () => {
    const worker = at(node(2), 0)
    for (let number = 0; number < 200; number += 1) {
      const release = await worker.counter.take('key', 1000)
      release?.()
    }
    expect(worker.questions()).toBe(1)
  })

  it('that a worker held when it ended are free again', async () => {
    const workers = node(2)
    const [first, second] = [at(workers, 0), at(workers, 1)]
    for (let number = 0; number < 3; number += 1) await first.counter.take('key', 3)
    await expect(second.counter.take('key', 3)).resolves.toBeUndefined()
    first.end()
    await expect(second.counter.take('key', 3)).resolves.toBeDefined()
  })

  it('that nobody used for a while go back', async () => {
    const workers = node(2)
    const [first, second] = [at(workers, 0), at(workers, 1)]
    const release = await first.counter.take('key', 40)
    release?.()
    first.leased.sweep()
    first.leased.sweep()
    const before = second.questions()
    for (let number = 0; number < 40; number += 1) await second.counter.take('key', 40)
    expect(second.questions()).toBeGreaterThan(before)
    await expect(first.counter.take('key', 40)).resolves.toBeUndefined()
  })

  it('that were granted under a higher limit count under the lower one', async () => {
    const worker = at(node(1), 0)
    await worker.counter.take('key', 100)
    await worker.counter.take('key', 100)
    await expect(worker.counter.take('key', 2)).resolves.toBeUndefined()
    await expect(worker.counter.take('key', 3)).resolves.toBeDefined()
  })

  it('are granted by itself by a worker that is alone', async () => {
    const alone = new LeasedPlaces({ ask: () => Promise.resolve(undefined), giveBack: () => undefined })
    const counter = alone.counter('logins')
    await expect(counter.take('key', 1)).resolves.toBeDefined()
    await expect(counter.take('key', 1)).resolves.toBeDefined()
  })

  it('are never more than the limit, and never refused while one is free, in whatever order', async () => {
    const step = fc.record({
      worker: fc.integer({ min: 0, max: 2 }),
      does: fc.constantFrom('take', 'take', 'take', 'release', 'sweep'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        async (steps, most) => {
          const workers = node(3)
          const held: (() => void)[][] = [[], [], []]
          const inUse = () => held.reduce((sum, { length }) => sum + length, 0)
          for (const { worker, does } of steps) {
            if (does === 'sweep') at(workers, worker).leased.sweep()
            else if (does === 'release') at(held, worker).pop()?.()
            else {
              const wasFull = inUse() >= most
              const release = await at(workers, worker).counter.take('key', most)
              expect(release === undefined).toBe(wasFull)
              if (release !== undefined) at(held, worker).push(release)
            }
          }
          expect(inUse()).toBeLessThanOrEqual(most)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('taken by all at the same moment are as many as there are', async () => {
    const workers = node(4)
    const takes = workers.flatMap(({ counter }) => Array.from({ length: 30 }, () => counter.take('key', 50)))
    const taken = (await Promise.all(takes)).filter((release) => release !== undefined)
    expect(taken).toHaveLength(50)
  })
})
