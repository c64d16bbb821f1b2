/**
 * Checks the names of identities that have not been checked yet: those that an older version created, and those that
 * collide with another one. The identities keep their names, roles and rights; what is wrong is recorded beside them.
 */
import { sql } from 'kysely'
import type { Identity } from '../domain/identity.ts'
import type { IdentityId } from '../domain/ids.ts'
import { lockMemberships } from './group-members.ts'
import { nameColumns } from './name-columns.ts'
import type { SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

const BATCH = 1000

/** PostgreSQL cannot index longer keys; a name with such a key is refused nowadays (domain/names.ts). */
const LONGEST_KEY = 512

interface Judged {
  readonly id: string
  readonly accountId: string
  readonly type: Identity['type']
  readonly canonical: string
  readonly skeleton: string
  readonly problem: string | null
}

interface JudgedRow {
  readonly id: string
  readonly canonical: string | null
  readonly skeleton: string | null
  readonly problem: string | null
}

/** An identity that somebody should rename. */
export interface MarkedIdentity {
  readonly id: IdentityId
  readonly type: Identity['type']
  readonly problem: string
}

/**
 * Works in batches and commits each: if a start is killed, the next one continues. Costs one query when there is
 * nothing to do.
 */
export async function judgeNames(database: SystemDatabase): Promise<void> {
  let after = '0'
  for (;;) {
    const last = await askSystemDatabase(() =>
      database.transaction().execute((transaction) => judgeBatch(transaction, after)),
    )
    if (last === undefined) return
    after = last
  }
}

/** @returns the first marked identities, by id, and how many there are in all */
export async function listMarkedIdentities(
  database: SystemDatabase,
  atMost: number,
): Promise<{ readonly total: number; readonly identities: readonly MarkedIdentity[] }> {
  return askSystemDatabase(async () => {
    const marked = database.selectFrom('identity').where('name_problem', 'is not', null)
    const identities = await marked
      .select(['id', 'type', 'name_problem'])
      .orderBy('id')
      .limit(atMost)
      .execute()
    const { total } = await marked
      .select((select) => select.fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow()
    return {
      total: Number(total),
      identities: identities.map((row) => ({
        id: row.id as IdentityId,
        type: row.type,
        problem: row.name_problem ?? '',
      })),
    }
  })
}

/** @returns the last id of the batch; undefined when no identity was left */
async function judgeBatch(transaction: SystemTransaction, after: string): Promise<string | undefined> {
  // Of several control planes that start together, one does the work and the others find nothing left.
  await lockMemberships(transaction)
  const rows = await transaction
    .selectFrom('identity')
    .select(['id', 'account_id', 'type', 'name', 'display_name'])
    .where('name_canonical', 'is', null)
    .where('system_group', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(BATCH)
    .forNoKeyUpdate()
    .execute()
  if (rows.length === 0) return undefined
  const judged = rows.map((row): Judged => {
    const columns = nameColumns({ type: row.type, name: row.name, displayName: row.display_name })
    return {
      id: row.id,
      accountId: row.account_id,
      type: row.type,
      canonical: columns.name_canonical,
      skeleton: columns.name_skeleton,
      problem: columns.name_problem,
    }
  })
  await write(transaction, withoutDuplicates(judged, await findHolders(transaction, judged)))
  return rows.at(-1)?.id
}

/**
 * The identities that have the same keys already, by the id of the identity that also needs them; each is found by an
 * index.
 */
async function findHolders(
  transaction: SystemTransaction,
  judged: readonly Judged[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; holder: string }>`
    SELECT asked.id, least(same.id, alike.id) AS holder
      FROM unnest(${judged.map(({ id }) => id)}::bigint[], ${judged.map(({ accountId }) => accountId)}::uuid[],
                  ${judged.map(({ type }) => type)}::text[], ${judged.map(({ canonical }) => canonical)}::text[],
                  ${judged.map(({ skeleton }) => skeleton)}::text[]) AS asked (id, account_id, type, canonical, skeleton)
      LEFT JOIN LATERAL (
        SELECT identity.id FROM identity
         WHERE identity.account_id = asked.account_id AND identity.type = asked.type
           AND identity.name_canonical = asked.canonical AND identity.system_group IS NULL OFFSET 0) AS same ON true
      LEFT JOIN LATERAL (
        SELECT identity.id FROM identity
         WHERE identity.account_id = asked.account_id AND identity.type = asked.type
           AND identity.name_skeleton = asked.skeleton AND identity.system_group IS NULL OFFSET 0) AS alike ON true
     WHERE same.id IS NOT NULL OR alike.id IS NOT NULL`.execute(transaction)
  return new Map(rows.map(({ id, holder }) => [id, holder]))
}

/** The oldest identity keeps each key; the others have none until that one is deleted or renamed. */
function withoutDuplicates(
  judged: readonly Judged[],
  holders: ReadonlyMap<string, string>,
): readonly JudgedRow[] {
  const taken = new Map<string, string>()
  return judged.map(({ id, accountId, type, canonical, skeleton, problem }) => {
    const keys = [`canonical ${accountId} ${type} ${canonical}`, `skeleton ${accountId} ${type} ${skeleton}`]
    const other = holders.get(id) ?? keys.map((key) => taken.get(key)).find((holder) => holder !== undefined)
    if (other !== undefined) {
      const duplicate = `cannot be told from the name of the identity ${other}.`
      return { id, canonical: null, skeleton: null, problem: problem ?? duplicate }
    }
    if (canonical.length > LONGEST_KEY || skeleton.length > LONGEST_KEY)
      return { id, canonical: null, skeleton: null, problem }
    for (const key of keys) taken.set(key, id)
    return { id, canonical, skeleton, problem }
  })
}

async function write(transaction: SystemTransaction, rows: readonly JudgedRow[]): Promise<void> {
  await sql`
    UPDATE identity
       SET name_canonical = judged.canonical, name_skeleton = judged.skeleton, name_problem = judged.problem
      FROM unnest(${rows.map(({ id }) => id)}::bigint[], ${rows.map(({ canonical }) => canonical)}::text[],
                  ${rows.map(({ skeleton }) => skeleton)}::text[], ${rows.map(({ problem }) => problem)}::text[])
           AS judged (id, canonical, skeleton, problem)
     WHERE identity.id = judged.id`.execute(transaction)
}
