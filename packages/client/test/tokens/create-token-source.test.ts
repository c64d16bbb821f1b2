/** When a source renews its token, and what its callers get when that fails. */
import { describe, expect, it } from 'vitest'
import { LakegateApiError, LakegateConnectionError } from '../../src/errors.ts'
import {
  createTokenSource,
  type TokenRequest,
  type TokenSourceOptions,
} from '../../src/tokens/create-token-source.ts'
import { settle, TurnedClock } from '../stage/turned-clock.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

/** A server that answers each request with the next token, or as it is told to. */
function played(options: TokenSourceOptions & { readonly lifetime?: number } = {}) {
  const clock = new TurnedClock()
  const lifetime = options.lifetime ?? HOUR
  const requests: TokenRequest[] = []
  const failures: Error[] = []
  let latency: Promise<void> | undefined
  const source = createTokenSource(
    async (request) => {
      requests.push(request)
      const failure = failures.shift()
      const sentAt = clock.wallTime()
      await latency
      if (failure !== undefined) throw failure
      return {
        value: `token ${String(requests.length)}`,
        expiresAt: lifetime === Infinity ? undefined : new Date(sentAt + lifetime),
      }
    },
    { clock, random: () => 0.5, ...options },
  )
  return {
    clock,
    source,
    requests,
    failWith: (...errors: Error[]) => failures.push(...errors),
    /** The answers come when the returned function is called. */
    holdAnswers() {
      let answer: () => void = () => undefined
      latency = new Promise((resolve) => {
        answer = resolve
      })
      return answer
    },
    value: async () => (await source.token()).value,
  }
}

const status = (code: number, retryAfterMilliseconds?: number) =>
  new LakegateApiError(code, { error_code: 'X', message: `status ${String(code)}` }, retryAfterMilliseconds)

describe('a source that refreshes at use', () => {
  it('asks for nothing before the first use', async () => {
    const { clock, requests } = played()
    await clock.pass(HOUR)
    expect(requests).toEqual([])
  })

  it('gives the token at hand as long as it is good for a while', async () => {
    const { clock, value, requests } = played()
    expect(await value()).toBe('token 1')
    await clock.pass(HOUR - 3 * MINUTE)
    expect(await value()).toBe('token 1')
    expect(requests).toHaveLength(1)
  })

  it('renews a token in the last two minutes of its hour', async () => {
    const { clock, value } = played()
    await value()
    await clock.pass(HOUR - MINUTE)
    expect(await value()).toBe('token 2')
  })

  it('renews a token of ten seconds in its last second', async () => {
    const { clock, value } = played({ lifetime: 10_000 })
    await value()
    await clock.pass(8_500)
    expect(await value()).toBe('token 1')
    await clock.pass(1_000)
    expect(await value()).toBe('token 2')
  })

  it('never renews a token that does not expire', async () => {
    const { clock, value, requests } = played({ lifetime: Infinity, refresh: 'ahead' })
    await value()
    await clock.pass(1000 * HOUR)
    expect(await value()).toBe('token 1')
    expect(requests).toHaveLength(1)
  })

  it('sets no timers while nobody waits', async () => {
    const { clock, value } = played()
    await value()
    expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 0 })
  })

  it('makes one request for all who ask at the same time', async () => {
    const { value, requests, holdAnswers } = played()
    const answer = holdAnswers()
    const all = Promise.all([value(), value(), value()])
    await settle()
    answer()
    expect(await all).toEqual(['token 1', 'token 1', 'token 1'])
    expect(requests).toHaveLength(1)
  })

  it('keeps the process alive while somebody waits, and not after', async () => {
    const { clock, value, holdAnswers } = played()
    const answer = holdAnswers()
    const one = value()
    expect(clock.timers.keepAlive).toBe(1)
    answer()
    await one
    expect(clock.timers.keepAlive).toBe(0)
  })
})

describe('clocks', () => {
  it('may be set back: a token is as old as the steady clock says', async () => {
    const { clock, value } = played()
    await value()
    clock.set(-10 * HOUR)
    await clock.pass(HOUR)
    expect(await value()).toBe('token 2')
  })

  it('may stand still while the machine sleeps: a token is as old as the clock of the wall says', async () => {
    const { clock, value } = played()
    await value()
    clock.sleep(2 * HOUR)
    expect(await value()).toBe('token 2')
  })

  it('may be wrong from the beginning: what counts is how long a token lives', async () => {
    const { clock, value, requests } = played()
    clock.set(-5000 * HOUR)
    await value()
    await clock.pass(HOUR / 2)
    expect(await value()).toBe('token 1')
    expect(requests).toHaveLength(1)
  })

  it('are read when the request is sent, so that a slow answer does not make the token younger', async () => {
    const { clock, value, holdAnswers } = played()
    const answer = holdAnswers()
    const first = value()
    await clock.pass(10 * MINUTE)
    answer()
    await first
    await clock.pass(49 * MINUTE)
    expect(await value()).toBe('token 2')
  })
})

describe('an answer over which the machine slept', () => {
  it('is not what the caller gets', async () => {
    const { clock, value, holdAnswers } = played()
    const answer = holdAnswers()
    const one = value()
    await settle()
    clock.sleep(2 * HOUR)
    answer()
    expect(await one).toBe('token 2')
  })
})

describe('a source that refreshes ahead of time', () => {
  it('has a new token before the old one is near its end, without being asked', async () => {
    const { clock, value, requests } = played({ refresh: 'ahead' })
    await value()
    await clock.pass(39 * MINUTE)
    expect(requests).toHaveLength(1)
    await clock.pass(2 * MINUTE)
    expect(requests).toHaveLength(2)
    expect(await value()).toBe('token 2')
  })

  it('goes on for as long as it is not closed', async () => {
    const { clock, source, value, requests } = played({ refresh: 'ahead' })
    await value()
    await clock.pass(10 * HOUR)
    expect(requests).toHaveLength(16)
    source.close()
    await clock.pass(10 * HOUR)
    expect(requests).toHaveLength(16)
    expect(await value()).toBe('token 17')
    expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 0 })
  })

  it('never keeps the process alive by that', async () => {
    const { clock, value } = played({ refresh: 'ahead' })
    await value()
    expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 1 })
  })

  it.each([
    ['early', 1, 35],
    ['late', 0, 45],
  ])('does that at a time of its own: %s', async (_when, random, minutes) => {
    const { clock, value, requests } = played({ refresh: 'ahead', random: () => random })
    await value()
    await clock.pass((minutes - 1) * MINUTE)
    expect(requests).toHaveLength(1)
    await clock.pass(2 * MINUTE)
    expect(requests).toHaveLength(2)
  })

  it('keeps giving the token at hand when that fails, and tries again', async () => {
    const { clock, value, failWith, requests } = played({ refresh: 'ahead' })
    await value()
    failWith(new Error('no way'))
    await clock.pass(40 * MINUTE + 5_000)
    expect(requests).toHaveLength(2)
    expect(await value()).toBe('token 1')
    await clock.pass(MINUTE)
    expect(await value()).toBe('token 3')
  })

  it('stops trying in the background when the token at hand has expired: then who asks learns why', async () => {
    const { clock, value, failWith, requests } = played({ refresh: 'ahead' })
    await value()
    failWith(...Array.from({ length: 1000 }, () => new Error('no way')))
    await clock.pass(2 * HOUR)
    const tried = requests.length
    await clock.pass(10 * HOUR)
    expect(requests).toHaveLength(tried)
    await expect(value()).rejects.toThrow('no way')
  })

  it('says which token it is about to replace', async () => {
    const { clock, value, requests } = played({ refresh: 'ahead' })
    await value()
    await clock.pass(41 * MINUTE)
    expect(requests.map(({ atHand }) => atHand)).toEqual([undefined, 'token 1'])
  })

  it('asks no more than twice a minute for a token that nobody has yet renewed', async () => {
    const clock = new TurnedClock()
    const expiresAt = new Date(clock.wallTime() + 10 * MINUTE)
    let count = 0
    const source = createTokenSource(
      async () => {
        count += 1
        return { value: 'the same', expiresAt }
      },
      { clock, refresh: 'ahead', random: () => 0.5 },
    )
    await source.token()
    await clock.pass(8 * MINUTE)
    expect(count).toBeGreaterThan(2)
    expect(count).toBeLessThan(16)
  })

  it('does not ask without end for tokens that have expired when they come', async () => {
    const { clock, value, requests } = played({ refresh: 'ahead', lifetime: -HOUR })
    await value()
    await clock.pass(10_000)
    expect(requests.length).toBeLessThan(25)
  })
})

describe('a request that fails', () => {
  it.each([429, 500, 502, 503, 504])('with the status %i is repeated', async (code) => {
    const { clock, value, failWith, requests } = played()
    failWith(status(code))
    const one = value()
    await clock.pass(1_000)
    expect(await one).toBe('token 2')
    expect(requests).toHaveLength(2)
  })

  it.each([
    ['400', status(400)],
    ['401', status(401)],
    ['403', status(403)],
    ['501', status(501)],
    ['no connection', new LakegateConnectionError('no', 'ECONNREFUSED', 'next')],
    ['anything else', new Error('bug')],
  ])('with %s is not repeated', async (_what, error) => {
    const { value, failWith, requests } = played()
    failWith(error)
    await expect(value()).rejects.toBe(error)
    expect(requests).toHaveLength(1)
    expect(await value()).toBe('token 2')
  })

  it('waits twice as long each time, and gives up after five', async () => {
    const { clock, value, failWith, requests } = played()
    failWith(...Array.from({ length: 9 }, () => status(503)))
    const one = value().catch((error: unknown) => error)
    const seen: number[] = []
    for (let second = 0; second < 12; second += 1) {
      await clock.pass(500)
      seen.push(requests.length)
    }
    // After 375, 750, 1500 and 3000 milliseconds more.
    expect(seen).toEqual([2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5])
    expect(await one).toMatchObject({ status: 503 })
    expect(requests).toHaveLength(5)
  })

  it('waits for as long as the server says', async () => {
    const { clock, value, failWith, requests } = played()
    failWith(status(429, 20_000))
    const one = value()
    await clock.pass(19_999)
    expect(requests).toHaveLength(1)
    await clock.pass(1_000)
    expect(await one).toBe('token 2')
  })

  it('is told at once when the server says to come back much later', async () => {
    const { value, failWith } = played()
    failWith(status(429, HOUR))
    await expect(value()).rejects.toMatchObject({ status: 429 })
  })

  it('does not matter while the token at hand has not expired, nor does it delay anybody', async () => {
    const { clock, value, failWith, requests } = played()
    await value()
    await clock.pass(HOUR - MINUTE)
    failWith(status(503), status(503))
    expect(await value()).toBe('token 1')
    expect(requests).toHaveLength(2)
    await clock.pass(5_000)
    expect(await value()).toBe('token 4')
  })

  it('delays nobody for long who has a good token, where the server does not answer at all', async () => {
    const { clock, value, holdAnswers } = played()
    await value()
    await clock.pass(HOUR - MINUTE)
    const answer = holdAnswers()
    const one = value()
    await clock.pass(3_000)
    expect(await one).toBe('token 1')
    answer()
    await settle()
    expect(await value()).toBe('token 2')
    expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 0 })
  })

  it('has used up the attempts of whoever shares the error', async () => {
    const { clock, source, failWith, requests } = played()
    failWith(...Array.from({ length: 99 }, () => status(503)))
    const outer = createTokenSource(() => source.token(), { clock, random: () => 0.5 })
    const one = outer.token().catch((error: unknown) => error)
    await clock.pass(10 * MINUTE)
    expect(await one).toMatchObject({ status: 503 })
    expect(requests).toHaveLength(5)
  })

  it('reaches everybody who waited for it', async () => {
    const { value, failWith, requests } = played()
    failWith(new Error('no way'))
    const outcomes = await Promise.allSettled([value(), value()])
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
    expect(requests).toHaveLength(1)
  })

  it('keeps the process alive for who waits, while the source waits to repeat it', async () => {
    const { clock, value, failWith } = played()
    failWith(status(503))
    const one = value()
    await settle()
    expect(clock.timers).toEqual({ keepAlive: 1, inBackground: 1 })
    await clock.pass(1_000)
    await one
    expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 0 })
  })
})

describe('a caller that needs a token for longer', () => {
  it('gets a new one, and the others are not without one when that fails', async () => {
    const { clock, source, value, failWith } = played()
    await value()
    await clock.pass(HOUR / 2)
    failWith(new Error('no way'))
    await expect(source.token({ minSeconds: 2_000 })).rejects.toThrow('no way')
    expect(await value()).toBe('token 1')
    expect((await source.token({ minSeconds: 2_000 })).value).toBe('token 3')
    expect(await value()).toBe('token 3')
  })
})

describe('a source that is closed', () => {
  it('ends the request in the background, and does not repeat it', async () => {
    const { clock, source, value, requests, failWith, holdAnswers } = played({ refresh: 'ahead' })
    await value()
    const answer = holdAnswers()
    failWith(status(503))
    await clock.pass(41 * MINUTE)
    source.close()
    expect(requests[1]?.signal.aborted).toBe(true)
    answer()
    await clock.pass(HOUR / 4)
    expect(requests).toHaveLength(2)
    expect(await value()).toBe('token 1')
  })

  it('leaves a request to those who wait for it, and ends it with the last of them', async () => {
    const { source, requests, holdAnswers } = played()
    holdAnswers()
    const one = new AbortController()
    const reason = new Error('gone home')
    const waiting = source.token({ signal: one.signal }).catch((error: unknown) => error)
    await settle()
    source.close()
    expect(requests[0]?.signal.aborted).toBe(false)
    one.abort(reason)
    expect(await waiting).toBe(reason)
    expect(requests[0]?.signal.aborted).toBe(true)
  })
})

describe('a token that a server refused', () => {
  it('is forgotten, and the next request says which it was', async () => {
    const { source, value, requests } = played()
    source.refuse(await value())
    expect(await value()).toBe('token 2')
    expect(requests.map(({ refused }) => refused)).toEqual([undefined, 'token 1'])
  })

  it('is not forgotten twice: who comes late with the old one does not harm the new one', async () => {
    const { source, value, requests } = played()
    const old = await value()
    source.refuse(old)
    await value()
    source.refuse(old)
    expect(await value()).toBe('token 2')
    expect(requests).toHaveLength(2)
  })

  it('is asked for again when all there is is the same again', async () => {
    let count = 0
    const source = createTokenSource(async () => {
      count += 1
      return { value: 'the only one', expiresAt: undefined }
    })
    source.refuse((await source.token()).value)
    await source.token()
    await source.token()
    expect(count).toBe(3)
  })
})
