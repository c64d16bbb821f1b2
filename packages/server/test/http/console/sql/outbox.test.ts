/** What goes to a browser, and when it is known to be there. */
import { describe, expect, it } from 'vitest'
import { Outbox } from '../../../../src/http/console/sql/outbox.ts'

const hello = { type: 'transaction', transaction: 'none' } as const
const long = { type: 'parameter', name: 'x', value: 'x'.repeat(2 * 1024 * 1024) } as const

function attached() {
  const pings: string[] = []
  let rooms = 0
  const outbox = new Outbox(() => {
    rooms += 1
  })
  outbox.attach({ send: () => undefined, ping: (word) => pings.push(word) }, hello, undefined)
  return { outbox, pings, rooms: () => rooms }
}

describe('an outbox', () => {
  it('has room again when the ping behind its frames was answered', () => {
    const { outbox, pings, rooms } = attached()
    outbox.send(long)
    expect(outbox.isFull).toBe(true)
    outbox.answered(pings[0] ?? '')
    expect(outbox.isFull).toBe(true)
    outbox.answered(pings[1] ?? '')
    expect([outbox.isFull, rooms()]).toEqual([false, 1])
  })

  it('believes nobody who has not read the ping', () => {
    const { outbox, pings } = attached()
    outbox.send(long)
    for (const word of ['1', '2', '', 'NaN', '9007199254740991']) outbox.answered(word)
    expect(outbox.isFull).toBe(true)
    expect(new Set(pings).size).toBe(pings.length)
  })

  it('takes no answer of a line before', () => {
    const { outbox, pings } = attached()
    outbox.send(long)
    outbox.attach({ send: () => undefined, ping: () => undefined }, hello, undefined)
    for (const word of pings) outbox.answered(word)
    expect(outbox.isFull).toBe(true)
  })
})
