/**
 * Clients that log in, write, and log in again whenever they are cut off; and one that tries what must never work.
 * Knows what was acknowledged to whom.
 */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { RunningLakegate } from '../stage/lakegate.ts'
import { asOwner, databaseClient, mintCredential } from '../stage/service-principal.ts'

export interface Load {
  acknowledged(): number
  /** What the clients were told is committed. */
  entries(): readonly string[]
  refused(): number
  /** Logins with a token that is none, which were let in all the same. */
  admittedWrongly(): number
  stop(): Promise<void>
}

const WRITERS = 3
/** A session is left after so many writes, so that logins go on all the time. */
const WRITES_A_SESSION = 10

/** @param lakegate the one that runs at the moment */
export async function startLoad(lakegate: () => RunningLakegate): Promise<Load> {
  await asOwner(lakegate(), async (client) =>
    client.query('CREATE TABLE IF NOT EXISTS kept (entry text PRIMARY KEY)'),
  )
  const mint = () => mintCredential(lakegate().admin, lakegate().ready.instance.name)
  let password = await mint()
  const entries: string[] = []
  let refused = 0
  let admittedWrongly = 0
  let isStopping = false

  const session = async (token: string, work: (client: pg.Client) => Promise<void>): Promise<boolean> => {
    const client = await databaseClient(lakegate(), { user: lakegate().ready.admin_user, password: token })
    try {
      await client.connect()
    } catch {
      // Refused or cut off: the next attempt shows whether the system heals.
      return false
    }
    // Nobody waits for the goodbye of a client that was cut off: it may never come.
    client.on('error', () => undefined)
    try {
      await work(client)
      await client.end()
    } catch {
      // Cut off in the middle: what was not acknowledged is nobody's promise.
      void client.end().catch(() => undefined)
    }
    return true
  }
  const writer = async () => {
    while (!isStopping) {
      const isIn = await session(password, async (client) => {
        for (let count = 0; count < WRITES_A_SESSION && !isStopping; count += 1) {
          const entry = randomUUID()
          await client.query('INSERT INTO kept VALUES ($1)', [entry])
          entries.push(entry)
        }
      })
      // Another port after a new start makes another issuer, which issued none of the earlier tokens.
      if (!isIn) password = await mint().catch(() => password)
    }
  }
  const intruder = async () => {
    while (!isStopping) {
      const isIn = await session(`${password.slice(0, -8)}AAAAAAAA`, async () => undefined)
      if (isIn) admittedWrongly += 1
      else refused += 1
    }
  }
  const all = Promise.all([...Array.from({ length: WRITERS }, writer), intruder()])
  return {
    acknowledged: () => entries.length,
    entries: () => entries,
    refused: () => refused,
    admittedWrongly: () => admittedWrongly,
    async stop() {
      isStopping = true
      await all
    },
  }
}
