/**
 * Rotation: tokens that live for seconds, every library under load over more than three lifetimes of them, and not one failed
 * query. Once where sessions outlive their token, and once where they end with it and pools retire them before that.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnLakegate, type OwnLakegate } from '../../../server/test/stage/own-lakegate.ts'
import { sharedLakegate } from '../../../server/test/stage/shared-lakegate.ts'
import { waitFor } from '../../../server/test/stage/wait-for.ts'
import { LakegateClient } from '../../src/drivers/pg.ts'
import type { RetirementOptions } from '../../src/login/retirement.ts'
import { createIdentities, type Identities } from './identities.ts'
import { LIBRARIES, type Library } from './libraries.ts'

const TOKEN_SECONDS = 6
const LIFETIMES = 3
const CALLERS = 4
const BETWEEN_QUERIES_MS = 10

/** Callers ask one question after the other until so many lifetimes of a token are over, and then with one more token. */
async function load(
  library: Library,
  identities: Identities,
  retirement: RetirementOptions,
): Promise<{ readonly asked: number; readonly failures: readonly unknown[]; readonly refused: number }> {
  const tokens = identities.shortLived(TOKEN_SECONDS)
  const opened = await library.open(identities.connection(tokens), { max: CALLERS, ...retirement })
  let asked = 0
  const failures: unknown[] = []
  const begin = Date.now()
  const lifetimes = () => (Date.now() - begin) / 1000 / TOKEN_SECONDS
  const call = async () => {
    while (lifetimes() < LIFETIMES || tokens.made.length <= LIFETIMES) {
      asked += 1
      try {
        const { role, number } = await opened.ask(asked)
        if (role !== identities.principal.applicationId || number > asked) throw new Error('a wrong answer')
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
  console.info(
    `${library.name}: ${String(asked)} queries, ${String(tokens.made.length)} tokens, ${lifetimes().toFixed(1)} lifetimes`,
  )
  return { asked, failures, refused: tokens.refused.length }
}

describe('where sessions outlive their token', () => {
  let identities: Identities
  beforeAll(async () => {
    identities = await createIdentities(sharedLakegate())
  })
  afterAll(() => identities.close())

  it.concurrent.each(LIBRARIES)('$name rotates without a failed query', async (library) => {
    const { failures, refused } = await load(library, identities, { maxLifetimeSeconds: 1 })
    expect(failures).toEqual([])
    expect(refused).toBe(0)
  })
})

describe('where sessions end with their token', () => {
  let lakegate: OwnLakegate
  let identities: Identities
  beforeAll(async () => {
    lakegate = await startOwnLakegate()
    const { instance } = lakegate.ready
    await lakegate.admin.request(
      'PATCH',
      `/api/2.0/database/instances/${instance.name}?update_mask=session_policy`,
      { session_policy: { end_on_token_expiry: true } },
    )
    identities = await createIdentities(lakegate)
  })
  afterAll(async () => {
    await identities.close()
    await lakegate.remove()
  })

  it.concurrent.each(LIBRARIES)(
    '$name retires connections in time, without a failed query',
    async (library) => {
      const { failures } = await load(library, identities, {
        retire: 'before_token_expiry',
        maxLifetimeSeconds: 1,
      })
      expect(failures).toEqual([])
    },
  )

  const ended = () =>
    lakegate
      .output()
      .split('\n')
      .filter((line) => line.includes('"end_session"'))

  it('left the server no session to end, but for one that is kept too long', async () => {
    expect(ended()).toEqual([])
    const client = new LakegateClient(identities.connection(identities.shortLived(2)))
    const farewell = new Promise((resolve) => client.once('error', resolve))
    await client.connect()
    expect(await farewell).toMatchObject({ code: '57P01' })
    await waitFor('the record of its end', () => ended().some((line) => line.includes('token_expired')))
  })
})
