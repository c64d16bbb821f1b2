/**
 * Drops a role, with what hangs on it: what it owns goes to an heir, its readers for sessions with claims go. What is
 * owned and granted is kept by each database of its own (PostgreSQL: Dropping Roles).
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { RoleOid } from '../domain/ids.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { findClaimReaders } from './claim-readers.ts'
import { inTransaction } from './in-transaction.ts'
import { roleBindingsOf } from './role-bindings.ts'

interface Place {
  readonly access: AdministrativeAccess
  readonly instance: DatabaseInstance
  readonly timeoutMs: number
}

export async function dropRole(
  place: Place,
  name: string,
  heir: string | undefined,
): Promise<'dropped' | { readonly inUse: string }> {
  if (heir !== undefined) await reassign(place, name, heir)
  await dropReaders(place, name)
  return atHome(place, (client) =>
    inTransaction(client, async () => {
      const { rows } = await client.query<{ oid: string }>(
        'SELECT oid::text AS oid FROM pg_catalog.pg_roles WHERE rolname = $1',
        [name],
      )
      await client.query(`DROP ROLE ${client.escapeIdentifier(name)}`)
      const { forget } = roleBindingsOf(place.instance)
      if (forget !== undefined) await client.query(forget, [rows[0]?.oid])
      return 'dropped' as const
    }),
  ).catch((error: unknown) => {
    // 2BP01: objects depend on it; PostgreSQL says which ones.
    if (isDependency(error)) return { inUse: error.detail ?? error.message }
    throw error
  })
}

const atHome = <Result>(
  { access, instance, timeoutMs }: Place,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => access.inSession(instance, administrativeDatabase(instance), timeoutMs, work)

async function inEveryDatabase(place: Place, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const { access, instance, timeoutMs } = place
  const databases = await atHome(place, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname',
    )
    return rows.map(({ name }) => name)
  })
  for (const database of databases)
    await access.inSession(instance, database, timeoutMs, (client) =>
      inTransaction(client, () => work(client)),
    )
}

const reassign = (place: Place, from: string, to: string): Promise<void> =>
  inEveryDatabase(place, async (client) => {
    const [old, heir] = [client.escapeIdentifier(from), client.escapeIdentifier(to)]
    await client.query(`REASSIGN OWNED BY ${old} TO ${heir}`)
    await client.query(`DROP OWNED BY ${old}`)
  })

/** The readers of its sessions with claims: they are nothing without their role. */
async function dropReaders(place: Place, name: string): Promise<void> {
  const readers = await atHome(place, async (client) => {
    const { rows } = await client.query<{ oid: RoleOid }>(
      'SELECT oid::text AS oid FROM pg_catalog.pg_roles WHERE rolname = $1',
      [name],
    )
    const found = await findClaimReaders(client)
    return found.filter(({ readsFor }) => readsFor === rows[0]?.oid)
  })
  if (readers.length === 0) return
  await inEveryDatabase(place, async (client) => {
    for (const reader of readers) await client.query(`DROP OWNED BY ${client.escapeIdentifier(reader.name)}`)
  })
  await atHome(place, async (client) => {
    for (const reader of readers) await client.query(`DROP ROLE ${client.escapeIdentifier(reader.name)}`)
  })
}

const isDependency = (error: unknown): error is Error & { readonly detail?: string } =>
  error instanceof Error && 'code' in error && error.code === '2BP01'
