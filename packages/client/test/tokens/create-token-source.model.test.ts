/** Whatever happens in whatever order: what callers of a token source can rely on. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LakegateApiError } from '../../src/errors.ts'
import { createTokenSource } from '../../src/tokens/create-token-source.ts'
import { TurnedClock } from '../stage/turned-clock.ts'

type Step =
  | { readonly do: 'pass'; readonly milliseconds: number }
  | { readonly do: 'set' | 'sleep'; readonly milliseconds: number }
  | { readonly do: 'ask' }
  | { readonly do: 'refuse' }
  | { readonly do: 'fail'; readonly status: number; readonly times: number }

const pass = fc.record({
  do: fc.constant('pass' as const),
  milliseconds: fc.integer({ min: 1, max: 2_000_000 }),
})
const ask = fc.constant({ do: 'ask' as const })
const common: readonly fc.Arbitrary<Step>[] = [
  pass,
  ask,
  ask,
  fc.constant({ do: 'refuse' as const }),
  fc.record({
    do: fc.constant('fail' as const),
    status: fc.constantFrom(400, 401, 429, 500, 503),
    times: fc.integer({ min: 1, max: 8 }),
  }),
]
// Both at once cannot be told apart by any clock of the machine: it slept, and was set back by as much.
const withSleep = fc.array(
  fc.oneof(
    ...common,
    fc.record({ do: fc.constant('sleep' as const), milliseconds: fc.integer({ min: 1, max: 10_000_000 }) }),
  ),
  { maxLength: 30, size: 'max' },
)
const withSetClock = fc.array(
  fc.oneof(
    ...common,
    fc.record({
      do: fc.constant('set' as const),
      milliseconds: fc.integer({ min: -10_000_000, max: 10_000_000 }),
    }),
  ),
  { maxLength: 30, size: 'max' },
)

it('gives nobody an expired or a refused token, and never makes two requests at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(withSleep, withSetClock),
      fc.constantFrom('on_use' as const, 'ahead' as const),
      fc.integer({ min: 5_000, max: 3_600_000 }),
      fc.integer({ min: 0, max: 4_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (steps, refresh, lifetime, latency, random) => {
        const clock = new TurnedClock()
        const bornAt = new Map<string, number>()
        const refused = new Set<string>()
        const wrong: string[] = []
        let slept = 0
        const trueTime = () => clock.steadyTime() + slept
        let inFlight = 0
        let failing: { status: number; times: number } = { status: 0, times: 0 }

        const source = createTokenSource(
          async () => {
            inFlight += 1
            if (inFlight > 1) wrong.push('two requests at once')
            const [wall, born] = [clock.wallTime(), trueTime()]
            await new Promise<void>((resolve) => clock.after(latency, resolve, false))
            inFlight -= 1
            if (failing.times > 0) {
              failing = { ...failing, times: failing.times - 1 }
              throw new LakegateApiError(failing.status, { error_code: 'X', message: 'x' })
            }
            const value = `token ${String(bornAt.size)}`
            bornAt.set(value, born)
            return { value, expiresAt: new Date(wall + lifetime) }
          },
          { clock, refresh, random: () => random },
        )

        const open: Promise<void>[] = []
        let last = ''
        const askOnce = async () => {
          const refusedBefore = new Set(refused)
          try {
            const { value } = await source.token()
            last = value
            if (refusedBefore.has(value)) wrong.push(`${value} had been refused`)
            if (!(trueTime() - (bornAt.get(value) ?? NaN) < lifetime)) wrong.push(`${value} had expired`)
          } catch (error) {
            if (!(error instanceof LakegateApiError)) wrong.push(String(error))
          }
        }
        for (const step of steps) {
          if (step.do === 'pass') await clock.pass(step.milliseconds)
          else if (step.do === 'set') clock.set(step.milliseconds)
          else if (step.do === 'fail') failing = step
          else if (step.do === 'ask') open.push(askOnce())
          else if (step.do === 'refuse') {
            if (last !== '') refused.add(last)
            if (last !== '') source.refuse(last)
          } else {
            // Who waits for an answer over a sleep gets one that was asked for before it.
            await clock.pass(100_000)
            slept += step.milliseconds
            clock.sleep(step.milliseconds)
          }
        }
        await clock.pass(100_000)
        await Promise.all(open)
        expect(wrong).toEqual([])
        source.close()
        await clock.pass(100_000)
        expect(clock.timers).toEqual({ keepAlive: 0, inBackground: 0 })
      },
    ),
    { numRuns: 300 },
  )
})
