/** What load balancers read: good or not, and the names of what is not. */
import { describe, expect, it } from 'vitest'
import { answerAlive, answerReady, askedTogether } from '../../../src/http/api/health.ts'

const good = { name: 'good', check: () => Promise.resolve() }
const bad = { name: 'bad', check: () => Promise.reject(new Error('a reason that is nobody’s business')) }
const silent = { name: 'silent', check: () => new Promise<void>(() => undefined) }

describe('the health of a node', () => {
  it('is good when everything is', async () => {
    await expect(answerReady([good])).resolves.toEqual({ body: { status: 'ready' } })
    await expect(answerAlive()).resolves.toEqual({ body: { status: 'alive' } })
  })

  it('names what is not, and says when to ask again', async () => {
    await expect(answerReady([good, bad])).resolves.toEqual({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { status: 'not_ready', failed: ['bad'] },
    })
  })

  it('is bad when something does not answer in time', async () => {
    await expect(answerAlive([silent, good], 1)).resolves.toMatchObject({
      status: 503,
      body: { status: 'not_alive', failed: ['silent'] },
    })
  })

  it('is asked about once for all who ask at the same time', async () => {
    let asked = 0
    const check = askedTogether({
      name: 'costly',
      check: async () => {
        asked += 1
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    await Promise.all([answerReady([check]), answerReady([check]), answerReady([check])])
    expect(asked).toBe(1)
    await answerReady([check])
    expect(asked).toBe(2)
  })
})
