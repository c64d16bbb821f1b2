/** Applies sql/system/*.sql in order: forward only, each in a transaction, under kysely's advisory lock. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Migrator, sql, type Migration } from 'kysely'
import pg from 'pg'
import { packageFile } from '../domain/package-files.ts'
import { Fault } from '../domain/fault.ts'
import {
  askSystemDatabase,
  clientConfigOf,
  isUndefinedTable,
  type SystemDatabase,
  type SystemDatabaseAddress,
} from './system-database.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
const MIGRATIONS = fileURLToPath(packageFile('sql/system/'))

/**
 * @throws Fault system_database_newer when a later version of Lakegate migrated the database, system_database_closed
 * when its user may not create the tables
 */
export async function migrate(database: SystemDatabase): Promise<void> {
  await askSystemDatabase(async () => {
    const migrations = await readMigrations()
    const migrator = new Migrator({
      db: database,
      provider: { getMigrations: () => Promise.resolve(migrations) },
    })
    const { error } = await migrator.migrateToLatest()
    if (error === undefined) return
    if (error instanceof Error && error.message.includes('previously executed migration')) {
      throw new Fault({
        code: 'system_database_newer',
        origin: 'configuration',
        message: 'The system database was migrated by a later version of Lakegate.',
        nextStep:
          'Start that version or a later one; migrations only go forward. To go back to this version, restore the backup from before the upgrade (docs/operating.md).',
        cause: error,
      })
    }
    if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE) {
      throw new Fault({
        code: 'system_database_closed',
        origin: 'configuration',
        message: `The tables of Lakegate cannot be made in the system database: ${error.message} (${error.code}).`,
        nextStep:
          'Make the user of LAKEGATE_DATABASE_URL the owner of that database (ALTER DATABASE … OWNER TO …).',
        cause: error,
      })
    }
    throw error instanceof Error ? error : new Error('a migration failed', { cause: error })
  })
}

/** How far the schema of a system database is, compared with what this program knows. */
export interface MigrationStanding {
  /** The last one that was applied; undefined in an empty database. */
  readonly last: string | undefined
  /** Applied there, and unknown here: a later version of Lakegate did it. */
  readonly unknown: readonly string[]
  /** Known here, and not applied yet. */
  readonly missing: readonly string[]
}

/** Changes nothing. */
export const compareMigrations = (database: SystemDatabase): Promise<MigrationStanding> =>
  askSystemDatabase(async () => {
    const known = await listMigrations()
    const applied = await listApplied(database)
    return {
      last: applied.at(-1),
      unknown: applied.filter((name) => !known.includes(name)),
      missing: known.filter((name) => !applied.includes(name)),
    }
  })

/** The names of the migrations that this program knows, in order. */
export const listMigrations = async (): Promise<readonly string[]> => Object.keys(await readMigrations())

async function listApplied(database: SystemDatabase): Promise<readonly string[]> {
  try {
    const { rows } = await sql<{
      readonly name: string
    }>`SELECT name FROM kysely_migration ORDER BY name`.execute(database)
    return rows.map(({ name }) => name)
  } catch (error) {
    if (isUndefinedTable(error)) return []
    throw error
  }
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(MIGRATIONS)).filter((file) => file.endsWith('.sql')).sort()
  const entries = files.map(async (file): Promise<[string, Migration]> => {
    const text = await readFile(path.join(MIGRATIONS, file), 'utf8')
    return [
      path.basename(file, '.sql'),
      { up: async (transaction) => void (await sql.raw(text).execute(transaction)) },
    ]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Creates the database of that name in the embedded system cluster if it does not exist. */
export async function createDatabaseIfMissing(
  address: SystemDatabaseAddress & { kind: 'socket' },
): Promise<void> {
  await askSystemDatabase(async () => {
    const client = new pg.Client(clientConfigOf({ ...address, database: 'postgres' }))
    await client.connect()
    try {
      const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [address.database])
      if (found.rowCount === 0)
        await client.query(`CREATE DATABASE ${client.escapeIdentifier(address.database)}`)
    } finally {
      await client.end()
    }
  })
}
