/**
 * Rotation: tokens that live for seconds, every library under load over three lifetimes of them and more, and not one failed
 * query. Once where sessions outlive their token, and once where they end with it and pools retire them before that.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyClient, proves } from '../../../server/test/stage/every-client.ts'
import { startOwnLakegate, type OwnLakegate } from '../../../server/test/stage/own-lakegate.ts'
import { sharedLakegate } from '../../../server/test/stage/shared-lakegate.ts'
import { waitFor } from '../../../server/test/stage/wait-for.ts'
import { LakegateClient } from '../../src/drivers/pg.ts'
import type { RetirementOptions } from '../../src/login/retirement.ts'
import { createIdentities, type Identities } from './identities.ts'
import { describedAs, LIBRARIES, type Library } from './libraries.ts'

const TOKEN_SECONDS = 6
const LIFETIMES = 3
const CALLERS = 4
const BETWEEN_QUERIES_MS = 10

interface Outcome {
  readonly asked: number
  readonly tokens: number
  readonly failures: readonly unknown[]
}

/** Callers ask one question after the other until so many lifetimes of a token are over, and then with one more token. */
async function load(
  library: Library,
  identities: Identities,
  retirement: RetirementOptions,
): Promise<Outcome> {
  const tokens = identities.shortLived(TOKEN_SECONDS)
  const opened = await library.open(identities.connection(tokens), { max: CALLERS, ...retirement })
  let asked = 0
  const failures: unknown[] = []
  const begin = Date.now()
  const lifetimes = () => (Date.now() - begin) / 1000 / TOKEN_SECONDS
  const call = async () => {
    while (lifetimes() < LIFETIMES || tokens.made.length <= LIFETIMES) {
      asked += 1
      const number = asked
      try {
        const answer = await opened.ask(number)
        expect(answer).toEqual({ role: identities.principal.applicationId, number })
      } catch (error) {
        failures.push(error)
      }
      await pause(BETWEEN_QUERIES_MS)
    }
  }
  try {
    await Promise.all(Array.from({ length: CALLERS }, call))
  } finally {
    await opened.end()
  }
  console.info(`${library.name}: ${String(asked)} queries with ${String(tokens.made.length)} tokens`)
  return { asked, tokens: tokens.made.length, failures }
}

/** All at once: what takes time is that tokens expire. Each test looks at the outcome of its own. */
function loadAll(
  identities: Identities,
  retirement: RetirementOptions,
): ReadonlyMap<Library, Promise<Outcome>> {
  return new Map(
    LIBRARIES.map((library) => {
      const outcome = load(library, identities, retirement)
      // Its test says so.
      outcome.catch(() => undefined)
      return [library, outcome]
    }),
  )
}

async function expectNoFailure(outcome: Promise<Outcome> | undefined): Promise<void> {
  const { failures, tokens } = (await outcome) ?? { failures: ['it did not run'], tokens: 0 }
  expect(failures).toEqual([])
  expect(tokens).toBeGreaterThan(LIFETIMES)
}

describe('where sessions outlive their token', () => {
  let identities: Identities
  let outcomes: ReadonlyMap<Library, Promise<Outcome>>
  beforeAll(async () => {
    identities = await createIdentities(sharedLakegate())
    outcomes = loadAll(identities, { maxLifetimeSeconds: 1 })
  })
  afterAll(async () => {
    await Promise.allSettled(outcomes.values())
    await identities.close()
  })

  for (const library of LIBRARIES)
    everyClient(describedAs(library), () => {
      it('rotates over three lifetimes of a token without a failed query', proves('rotation'), async () => {
        await expectNoFailure(outcomes.get(library))
      })
    })
})

describe('where sessions end with their token', () => {
  let lakegate: OwnLakegate
  let identities: Identities
  let outcomes: ReadonlyMap<Library, Promise<Outcome>>
  beforeAll(async () => {
    lakegate = await startOwnLakegate()
    const { instance } = lakegate.ready
    await lakegate.admin.request(
      'PATCH',
      `/api/2.0/database/instances/${instance.name}?update_mask=session_policy`,
      { session_policy: { end_on_token_expiry: true } },
    )
    identities = await createIdentities(lakegate)
    outcomes = loadAll(identities, { retire: 'before_token_expiry', maxLifetimeSeconds: 1 })
  })
  afterAll(async () => {
    await Promise.allSettled(outcomes.values())
    await identities.close()
    await lakegate.remove()
  })

  for (const library of LIBRARIES)
    everyClient(describedAs(library), () => {
      it('retires connections in time, without a failed query', proves('sessions that end'), async () => {
        await expectNoFailure(outcomes.get(library))
      })
    })

  it('left the server no session to end, but for one that is kept too long', async () => {
    const ended = () =>
      lakegate
        .output()
        .split('\n')
        .filter((line) => line.includes('"end_session"'))
    expect(ended()).toEqual([])
    const client = new LakegateClient(identities.connection(identities.shortLived(2)))
    const farewells: unknown[] = []
    client.on('error', (error) => farewells.push(error))
    await client.connect()
    await waitFor('the end of the session', () => farewells.length > 0)
    expect(farewells[0]).toMatchObject({ code: '57P01' })
    await waitFor('the record of its end', () => ended().some((line) => line.includes('token_expired')))
  })
})
