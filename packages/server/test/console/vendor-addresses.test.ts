/** Addresses of the real service lead to the same pages of the console; no browser is needed to see it. */
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { ready } = sharedLakegate()

const ask = (path: string, method = 'GET') =>
  fetch(`${ready.http_url}${path}`, { method, redirect: 'manual' })

it.each([
  '/compute/database-instances',
  '/compute/database-instances/dev?o=6051921418418893',
  '/lakebase/provisioned',
  '/lakebase/provisioned/instances/dev',
])('the vendor’s address %s leads below /console, with its query', async (path) => {
  const answer = await ask(path)
  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).toBe(`/console${path}`)
})

it('what only begins like such an address leads nowhere', async () => {
  expect((await ask('/compute/database-instances-of-others')).status).toBe(404)
})

it('nothing can be sent there', async () => {
  expect((await ask('/lakebase/provisioned', 'POST')).status).toBe(405)
})
