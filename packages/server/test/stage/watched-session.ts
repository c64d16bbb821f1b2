/** Sessions whose end a test waits for. */
import type pg from 'pg'
import type { Lakegate } from './lakegate.ts'
import { databaseClient, type Login } from './service-principal.ts'

export interface WatchedSession {
  readonly client: pg.Client
  /** What the server said last, once the connection is over. */
  readonly farewell: Promise<Error>
}

export const watch = (client: pg.Client): WatchedSession => ({
  client,
  farewell: new Promise((resolve) => client.once('error', resolve)),
})

export async function openWatchedSession(lakegate: Lakegate, login: Login): Promise<WatchedSession> {
  const session = watch(await databaseClient(lakegate, login))
  await session.client.connect()
  return session
}
