/** A server that stops waits for answers under way, and the streams of the console are none of these. */
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEvents } from '../stage/console-events.ts'
import { signInToConsole } from '../stage/console-session.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createPerson } from '../stage/person.ts'
import { waitFor } from '../stage/wait-for.ts'

let lakegate: OwnLakegate

beforeAll(async () => {
  lakegate = await startOwnLakegate()
})
afterAll(async () => {
  await lakegate.remove()
})

it('ends the streams of open pages whole, and stops as if there were none', async () => {
  const { cookie } = await signInToConsole(
    lakegate.ready.http_url,
    await createPerson(lakegate, 'Whose page is open'),
  )
  const readers = await Promise.all([1, 2, 3].map(() => openEvents(lakegate.ready.http_url, cookie)))
  for (const reader of readers) await reader.next('the version', ({ event }) => event === 'version')
  const exited = once(lakegate.process, 'exit')
  lakegate.process.kill('SIGTERM')
  await waitFor('the ends of the streams', () => readers.every((reader) => reader.isOver()))
  expect(readers.every((reader) => reader.isWhole())).toBe(true)
  await expect(exited).resolves.toEqual([0, null])
})
