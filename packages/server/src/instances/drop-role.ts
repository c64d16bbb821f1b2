/**
 * Drops a role: its objects go to an heir, and its readers for sessions with claims are dropped with it. Each database
 * keeps its own record of what a role owns and was granted (PostgreSQL: Dropping Roles).
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { RoleBindingStore } from '../operations/ports/role-bindings.ts'
import { administrativeDatabase, type AdministrativeAccess } from './administrative-client.ts'
import { findClaimReaders } from './claim-readers.ts'
import { inTransaction } from './in-transaction.ts'
import { knowRole, requireGone, requireSame, type KnownRole } from './known-role.ts'
import { isDependency, sentenceOf } from './postgresql-errors.ts'
import { inEveryDatabase, type DatabaseFailure } from './walk-databases.ts'

interface Place {
  readonly access: AdministrativeAccess
  readonly instance: DatabaseInstance
  readonly timeoutMs: number
  /** Where bindings are kept that DROP ROLE does not remove. */
  readonly bindings: Pick<RoleBindingStore, 'removeBinding'>
}

/** @throws Fault role_changed_meanwhile */
export async function dropRole(
  place: Place,
  name: string,
  heirName: string | undefined,
): Promise<'dropped' | { readonly inUse: string }> {
  const [role, heir] = await atHome(place, async (client) => [
    await knowRole(client, name),
    heirName === undefined ? undefined : await knowRole(client, heirName),
  ])
  const failures: DatabaseFailure[] = []
  try {
    failures.push(...(await dropReaders(place, role)))
    if (heir !== undefined) failures.push(...(await giveAway(place, [role], heir)))
    await atHome(place, (client) =>
      inTransaction(client, async () => {
        await client.query(`DROP ROLE ${client.escapeIdentifier(role.name)}`)
        // Checked by object id: if two roles exchanged their names at this moment, the wrong one was dropped, and the
        // transaction is rolled back.
        await requireGone(client, role)
      }),
    )
    // Removed last, so that a role that could not be dropped stays bound. No later role gets the object id of a dropped
    // one.
    if (place.instance.backend.kind === 'attached')
      await place.bindings.removeBinding(place.instance.uid, role.oid)
    return 'dropped'
  } catch (error) {
    // Objects depend on the role: PostgreSQL names them, and we name the databases where they could not be given away.
    if (!isDependency(error)) throw error
    return { inUse: [error.detail ?? error.message, ...failures.map(tellFailure)].join(' ') }
  }
}

const tellFailure = ({ database, error }: DatabaseFailure): string =>
  `In the database ${JSON.stringify(database)}: ${sentenceOf(error)}`

const atHome = <Result>(
  { access, instance, timeoutMs }: Place,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> => access.inSession(instance, administrativeDatabase(instance), timeoutMs, work)

/**
 * Gives away what the roles `from` own, in every database where they own or were granted something; shared objects such
 * as databases are included.
 */
const giveAway = (
  place: Place,
  from: readonly KnownRole[],
  to: KnownRole,
): Promise<readonly DatabaseFailure[]> =>
  inEveryDatabase({ ...place, holding: from.map(({ oid }) => oid) }, (client) =>
    inTransaction(client, async () => {
      const heir = client.escapeIdentifier(to.name)
      await requireSame(client, to, ...from)
      for (const role of from) {
        const old = client.escapeIdentifier(role.name)
        await client.query(`REASSIGN OWNED BY ${old} TO ${heir}`)
        await client.query(`DROP OWNED BY ${old}`)
      }
      await requireSame(client, to, ...from)
    }),
  )

/**
 * Drops the readers for the role's sessions with claims. If a reader owns anything, which is not expected, the role
 * gets it.
 */
async function dropReaders(place: Place, role: KnownRole): Promise<readonly DatabaseFailure[]> {
  const readers = await atHome(place, async (client) =>
    (await findClaimReaders(client)).filter(({ readsFor }) => readsFor === role.oid),
  )
  if (readers.length === 0) return []
  const failures = await giveAway(place, readers, role)
  await atHome(place, async (client) => {
    for (const reader of readers) {
      await inTransaction(client, async () => {
        await client.query(`DROP ROLE ${client.escapeIdentifier(reader.name)}`)
        await requireGone(client, reader)
      })
    }
  })
  return failures
}
