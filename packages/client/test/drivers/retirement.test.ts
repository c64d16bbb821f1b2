/** When connections leave their pool, and what token they need for that. */
import { describe, expect, it } from 'vitest'
import { planRetirement, takeToken } from '../../src/login/retirement.ts'
import { playTokens } from './played-tokens.ts'

const livesFor = (value: string, seconds: number) => ({
  value,
  expiresAt: new Date(Date.now() + seconds * 1000),
})

describe('retirement', () => {
  it('is after less than an hour unless something else is said', () => {
    expect(planRetirement({})).toMatchObject({
      maxLifetimeSeconds: 2700,
      minLifetimeSeconds: 2160,
      minTokenSeconds: 0,
    })
  })

  it('before the expiry of the token leaves a query the time to finish', () => {
    expect(planRetirement({ retire: 'before_token_expiry' })).toMatchObject({
      maxLifetimeSeconds: 1500,
      minTokenSeconds: 1560,
    })
    expect(planRetirement({ retire: 'before_token_expiry', maxLifetimeSeconds: 2 }).minTokenSeconds).toBe(4)
  })

  it.each([
    [0, 2700],
    [0.5, 2430],
    [1, 2160],
  ])('of one connection is up to a fifth earlier (%f: %i seconds)', (random, seconds) => {
    expect(planRetirement({}, () => random).lifetimeSeconds()).toBe(seconds)
  })

  it('never is possible, but not before the token expires', () => {
    expect(planRetirement({ maxLifetimeSeconds: 0 }).lifetimeSeconds()).toBe(0)
    expect(() => planRetirement({ maxLifetimeSeconds: 0, retire: 'before_token_expiry' })).toThrow(
      'outlive their token',
    )
    expect(() => planRetirement({ maxLifetimeSeconds: -1 })).toThrow(RangeError)
  })
})

describe('the token for a connection', () => {
  it('is the one at hand when it lives long enough', async () => {
    const tokens = playTokens(livesFor('old', 100), livesFor('new', 3600))
    await expect(takeToken(tokens, 90)).resolves.toMatchObject({ value: 'old' })
    expect(tokens.refused).toEqual([])
  })

  it('is the one at hand when it does not expire', async () => {
    await expect(takeToken(playTokens('for ever'), 1560)).resolves.toMatchObject({ value: 'for ever' })
  })

  it('is a new one when the one at hand does not live long enough', async () => {
    const tokens = playTokens(livesFor('old', 100), livesFor('new', 3600))
    await expect(takeToken(tokens, 1560)).resolves.toMatchObject({ value: 'new' })
    // Who needs less may go on with the old one.
    expect(tokens.refused).toEqual([])
  })

  it('is none when no token lives long enough', async () => {
    await expect(takeToken(playTokens(livesFor('short', 100)), 1560)).rejects.toMatchObject({
      code: 'TOKEN_TOO_SHORT_LIVED',
      nextStep: 'Give connections a shorter lifetime.',
    })
  })
})
