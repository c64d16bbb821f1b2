/**
 * Attack 48: nobody short of a superuser changes who may log in as whom, except through roles that they administer. The
 * property over random sequences; thousands of them: `npm run attack-search`.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { buildArena, type Arena } from '../stage/login-model/arena.ts'
import { assembleCast } from '../stage/login-model/cast.ts'
import { search } from '../stage/login-model/search.ts'
import { keepSessions, type Sessions } from '../stage/login-model/sessions.ts'

const lakegate = sharedLakegate()

let arena: Arena
let sessions: Sessions
beforeAll(async () => {
  arena = await buildArena(lakegate, await assembleCast(lakegate))
  sessions = keepSessions(arena)
})
afterAll(async () => {
  await sessions.close()
  await arena.close()
})

it('changes only through roles that the acting role administers, whatever is tried', async () => {
  const { statements, accepted, counterExamples } = await search(arena, sessions, { sequences: 250, seed: 48 })
  expect(counterExamples).toEqual([])
  expect(accepted).toBeGreaterThan(statements / 5)
}, 240_000)
