/**
 * What the system database keeps encrypted under the master key: every bytea column whose name says so. The columns are
 * read from the catalog, so that a rotation includes those that a later version adds; test/store/sealed-columns.test.ts
 * checks that bytea columns under any other name are hashes.
 */
import { sql } from 'kysely'
import type pg from 'pg'
import { Fault } from '../domain/fault.ts'
import type { ConfirmMasterKey, KeyEncryption } from '../operations/ports/keys.ts'
import type { SystemQueries, SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export interface SealedColumn {
  readonly table: string
  readonly column: string
}

export const listSealedColumns = async (database: SystemQueries): Promise<readonly SealedColumn[]> =>
  (
    await sql<SealedColumn>`
      SELECT relation.relname AS table, attribute.attname AS column
        FROM pg_catalog.pg_attribute attribute
        JOIN pg_catalog.pg_class relation ON relation.oid = attribute.attrelid
       WHERE relation.relkind IN ('r', 'p') AND NOT relation.relispartition
         AND pg_catalog.pg_table_is_visible(relation.oid)
         AND relation.relnamespace <> 'pg_catalog'::regnamespace
         AND attribute.attnum > 0 AND NOT attribute.attisdropped
         AND attribute.atttypid = 'bytea'::regtype AND attribute.attname ~ '_encrypted$'
       ORDER BY 1, 2`.execute(database)
  ).rows

/** @throws Fault master_key_in_use, system_database_unavailable */
export const confirmMasterKeyUnused = (database: SystemDatabase): Promise<void> =>
  askSystemDatabase(() => database.transaction().execute(refuseWhileInUse))

/**
 * Called before a rotation changes anything: decrypts everything that is encrypted, and changes nothing.
 * @returns the number of encrypted values
 * @throws Fault master_key_in_use, master_key_does_not_fit when a value cannot be decrypted,
 * system_database_unavailable
 */
export const tryMasterKey = (
  database: SystemDatabase,
  encryption: Pick<KeyEncryption, 'decrypt'>,
): Promise<number> =>
  askSystemDatabase(() =>
    database.transaction().execute(async (transaction) => {
      await refuseWhileInUse(transaction)
      let count = 0
      for (const column of await listSealedColumns(transaction))
        for (const { value } of await readColumn(transaction, column)) {
          encryption.decrypt(value)
          count += 1
        }
      return count
    }),
  )

/**
 * Encrypts everything again, in one transaction.
 * @param ports.open decrypts what was encrypted with the old key or the new one
 * @param ports.sealed has only the new key
 * @returns the number of encrypted values
 * @throws Fault master_key_in_use while a control plane or a gateway runs, master_key_does_not_fit,
 * system_database_unavailable
 */
export const sealAllAnew = (
  database: SystemDatabase,
  ports: { readonly open: Pick<KeyEncryption, 'decrypt'>; readonly sealed: KeyEncryption },
): Promise<number> =>
  askSystemDatabase(() =>
    database.transaction().execute(async (transaction) => {
      await refuseWhileInUse(transaction)
      let count = 0
      for (const column of await listSealedColumns(transaction)) {
        // Prevents inserts and updates meanwhile, so that each ctid keeps identifying the same row.
        await sql`LOCK TABLE ${sql.table(column.table)} IN ACCESS EXCLUSIVE MODE`.execute(transaction)
        for (const { ctid, value } of await readColumn(transaction, column)) {
          const anew = ports.sealed.encrypt(ports.open.decrypt(value))
          await sql`UPDATE ${sql.table(column.table)} SET ${sql.ref(column.column)} = ${Buffer.from(anew)}::bytea
                     WHERE ctid = ${ctid}::tid`.execute(transaction)
        }
        for (const { value } of await readColumn(transaction, column)) {
          ports.sealed.decrypt(value)
          count += 1
        }
      }
      return count
    }),
  )

/**
 * For somebody who looks while Lakegate runs: decrypts the signing keys, and waits for nobody.
 * @returns how many there are
 * @throws Fault master_key_does_not_fit, system_database_unavailable
 */
export const countReadableKeys = (
  database: SystemDatabase,
  encryption: Pick<KeyEncryption, 'decrypt'>,
): Promise<number> =>
  askSystemDatabase(async () => {
    const column = { table: 'signing_key', column: 'private_key_encrypted' }
    const values = await readColumn(database, column)
    for (const { value } of values) encryption.decrypt(value)
    return values.length
  })

/**
 * The tables of sealed columns, and what becomes of a row when nobody can decrypt it any more: it is worthless, and what
 * it was for is made anew.
 */
const WORTHLESS_WITHOUT_KEY = [
  'signing_key',
  'certificate_authority',
  'console_session',
  'managed_role_key',
  'attached_cluster_password',
] as const
export type SealedTable = (typeof WORTHLESS_WITHOUT_KEY)[number]

/**
 * The master key is lost: removes everything that is encrypted, in one transaction.
 * @returns how many rows of each table there were
 * @throws Fault master_key_in_use while a control plane or a gateway runs, system_database_unavailable
 */
export const removeSealedRows = (database: SystemDatabase): Promise<ReadonlyMap<SealedTable, number>> =>
  askSystemDatabase(() =>
    database.transaction().execute(async (transaction) => {
      await refuseWhileInUse(transaction)
      const removed = new Map<SealedTable, number>()
      for (const { table } of await listSealedColumns(transaction)) {
        const known = WORTHLESS_WITHOUT_KEY.find((name) => name === table)
        if (known === undefined) throw new Error(`nobody has decided what becomes of ${table}`)
        if (removed.has(known)) continue
        const { numAffectedRows } = await sql`DELETE FROM ${sql.table(known)}`.execute(transaction)
        removed.set(known, Number(numAffectedRows ?? 0n))
      }
      return removed
    }),
  )

const readColumn = async (database: SystemQueries, { table, column }: SealedColumn) =>
  (
    await sql<{ readonly ctid: string; readonly value: Buffer }>`
      SELECT ctid::text AS ctid, ${sql.ref(column)} AS value
        FROM ${sql.table(table)} WHERE ${sql.ref(column)} IS NOT NULL`.execute(database)
  ).rows

/** LOCK of installation-lock.ts plus one; any constant would do that nothing else uses in this database. */
const LOCK = '7809632219628565606'

/**
 * Called on the standing connection of every process that holds the master key (notices.ts). The shared lock prevents a
 * rotation while the process runs: what the process encrypted afterwards could not be decrypted by anybody. Waits while
 * a rotation is in progress. A rotation may also have happened earlier, after the key was read or while the connection
 * was lost; because a rotation encrypts all values or none, decrypting one value shows whether the key is current.
 * @throws what `confirm` throws
 */
export async function holdMasterKey(client: pg.Client, confirm: ConfirmMasterKey): Promise<void> {
  await client.query(`SELECT pg_catalog.pg_advisory_lock_shared(${LOCK})`)
  const { rows } = await client.query<{ value: Buffer }>(
    'SELECT private_key_encrypted AS value FROM signing_key ORDER BY created_at DESC LIMIT 1',
  )
  for (const { value } of rows) confirm(value)
}

/** When a process has just stopped, its connection ends a moment later, and the lock with it. */
const LOCK_TIMEOUT_MS = 3_000

async function refuseWhileInUse(transaction: SystemTransaction): Promise<void> {
  await sql`SELECT pg_catalog.set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`.execute(
    transaction,
  )
  try {
    await sql`SELECT pg_catalog.pg_advisory_xact_lock(${sql.raw(LOCK)})`.execute(transaction)
  } catch (cause) {
    // lock_not_available
    if (!(cause instanceof Error && 'code' in cause && cause.code === '55P03')) throw cause
    throw new Fault({
      code: 'master_key_in_use',
      origin: 'configuration',
      message:
        'A control plane or a gateway runs on this system database, and holds the master key in its memory.',
      nextStep:
        'Stop all of them, on all machines; nothing was changed. Start them again with the new master key file.',
      cause,
    })
  }
}
