/** The sessions of the actors, each through the gateway with a token of its own, kept from one sequence to the next. */
import pg from 'pg'
import { databaseClient } from '../service-principal.ts'
import { ARENA, type Arena } from './arena.ts'
import type { Actor, Person } from './statements.ts'
import type { Line } from './to-sql.ts'
import { Testimony } from './witness.ts'

/** A statement that waits for a lock, or never ends, is over for a sequence. */
const LIMITS = '-c lock_timeout=1000 -c statement_timeout=10000'
/** Well below the hour of a token. */
const SESSION_IS_USED_MS = 20 * 60_000

export interface Session {
  readonly client: pg.Client
  readonly testimony: Testimony
  readonly openedAt: number
}

export interface Refused {
  readonly code: string
  readonly message: string
}

export interface Sessions {
  of(actor: Actor): Promise<Session>
  /** After a sequence: as new, or gone. */
  refresh(mustReopen: boolean): Promise<void>
  close(): Promise<void>
}

export function keepSessions(arena: Arena): Sessions {
  const open = new Map<Actor, Session>()
  const end = async (actor: Actor) => {
    const session = open.get(actor)
    open.delete(actor)
    await session?.client.end().catch(() => undefined)
  }
  return {
    async of(actor) {
      const known = open.get(actor)
      if (known !== undefined) return known
      const client = await login(arena, actor, arena.cast.people[actor].name, ARENA, LIMITS)
      const session = { client, testimony: new Testimony(client), openedAt: performance.now() }
      open.set(actor, session)
      return session
    },
    async refresh(mustReopen) {
      for (const [actor, { client, openedAt, testimony }] of [...open]) {
        testimony.take()
        const isOld = performance.now() - openedAt > SESSION_IS_USED_MS
        if (mustReopen || isOld) await end(actor)
        else
          await client
            .query('ROLLBACK; RESET SESSION AUTHORIZATION')
            .then(() => client.query('DISCARD ALL'))
            .catch(() => end(actor))
      }
    },
    async close() {
      for (const actor of open.keys()) await end(actor)
    },
  }
}

/** @throws the refusal */
export async function login(
  { lakegate, cast }: Arena,
  person: Person,
  user: string,
  database: string,
  options = '',
  password?: string,
): Promise<pg.Client> {
  const client = await databaseClient(lakegate, {
    user,
    password: password ?? (await cast.token(person)),
    database,
    instance: cast.instance,
    options,
  })
  await client.connect()
  return client
}

/** @returns why PostgreSQL or the gateway refused, or undefined */
export async function send(client: pg.Client, line: Line): Promise<Refused | undefined> {
  try {
    if (line.rows === undefined) await client.query(line.text)
    else await copy(client, line.text, line.rows)
    return undefined
  } catch (error) {
    return refusedBy(error)
  }
}

/** @throws what is no refusal of a database */
export function refusedBy(error: unknown): Refused {
  if (error instanceof pg.DatabaseError) return { code: error.code ?? '', message: error.message }
  if (error instanceof Error && /terminated|ended|closed/i.test(error.message))
    return { code: 'closed', message: error.message }
  throw error
}

interface CopySink {
  sendCopyFromChunk(rows: Buffer): void
  endCopyFrom(): void
}

/** COPY FROM STDIN, which node-postgres leaves to its caller. */
class CopyFrom extends pg.Query {
  readonly #rows: string

  constructor(text: string, rows: string, done: (error: Error | undefined) => void) {
    super(text, (error: Error | null | undefined) => done(error ?? undefined))
    this.#rows = rows
  }

  handleCopyInResponse(connection: CopySink): void {
    connection.sendCopyFromChunk(Buffer.from(this.#rows))
    connection.endCopyFrom()
  }
}

const copy = (client: pg.Client, text: string, rows: string): Promise<void> =>
  new Promise((resolve, reject) => {
    client.query(
      new CopyFrom(text, rows, (error) => {
        if (error === undefined) resolve()
        else reject(error)
      }),
    )
  })
