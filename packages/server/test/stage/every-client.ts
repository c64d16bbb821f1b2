/**
 * A client that people have, and what a test proves of it: rows of the table that `npm run clients` prints at its end
 * (clients-table.ts). Every file below `every-client/`, of any package, describes its client so:
 *
 *     everyClient({ client: 'psycopg', version: '3.3.9', runtime: 'Python 3.11.7', missing: python.missing }, () => {
 *       it('logs in as the page shows', proves('login'), async () => { … })
 *       it('opens no session with an expired token', proves('rotation'), async () => { … })
 *     })
 *
 * A client whose runtime is missing is skipped, and the table says why. A file may describe several clients.
 */
import { describe, type TestOptions } from 'vitest'

export interface Client {
  /** As its makers spell it: `psycopg`, `node-postgres`. */
  readonly client: string
  /** Of what is driven; undefined when it is missing and nobody can say. */
  readonly version: string | undefined
  /** On what it runs: `Python 3.11.7`, `Node 20.19.4`. */
  readonly runtime: string
  /** Why it cannot be driven here; undefined when it can. */
  readonly missing?: string | undefined
}

declare module 'vitest' {
  interface TaskMeta {
    /** Of a suite. */
    client?: Client
    /** Of a test: a word or two, such as `login`. */
    proves?: string
  }
}

export function everyClient(client: Client, tests: () => void): void {
  const title = [client.client, client.version].filter(Boolean).join(' ')
  if (client.missing !== undefined) console.warn(`${title} is skipped: ${client.missing}`)
  describe.skipIf(client.missing !== undefined)(title, { meta: { client } }, tests)
}

/** What the test is about, for the table; several tests may prove the same. */
export const proves = (what: string): TestOptions => ({ meta: { proves: what } })
