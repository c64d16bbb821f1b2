/** The system database: reachable, of which version, migrated how far, and with a master key that fits. */
import { sql } from 'kysely'
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import type { LoadedSettings } from '../../../config/load.ts'
import { Fault } from '../../../domain/fault.ts'
import { isThere } from '../../../instances/embedded/own-files.ts'
import { placesOf } from '../../../instances/embedded/places.ts'
import { createKeyEncryption } from '../../../keys/key-encryption.ts'
import { loadMasterKey } from '../../../keys/master-key.ts'
import { compareMigrations } from '../../../store/migrate.ts'
import { reachSystemDatabase } from '../../../store/reach-system-database.ts'
import { countReadableKeys } from '../../../store/sealed-columns.ts'
import { askServerVersion, openSystemDatabase, type SystemDatabase } from '../../../store/system-database.ts'
import { masterKeyFileIn } from '../../data-directory.ts'
import { addressOfRunningSystemDatabase } from '../reach-installation.ts'
import { ok, warning, wrong, type CheckContext, type OpenedForChecks } from './finding.ts'

const CHECK = 'system database'
const OLDEST_VERSION = 15

/** For all checks that ask it. */
export async function openForChecks(settings: LoadedSettings): Promise<OpenedForChecks> {
  try {
    const address = await addressOfRunningSystemDatabase(settings)
    if (address === undefined) return { state: 'stopped' }
    await reachSystemDatabase(address)
    return { state: 'open', database: openSystemDatabase(address, () => undefined, 2) }
  } catch (error) {
    if (error instanceof Fault) return { state: 'failed', fault: error }
    throw error
  }
}

export async function checkSystemDatabase(context: CheckContext): Promise<readonly Finding[]> {
  const { systemDatabase } = context
  switch (systemDatabase.state) {
    case 'failed':
      return [wrong(CHECK, systemDatabase.fault.message, systemDatabase.fault.nextStep ?? 'See there.')]
    case 'stopped':
      return checkStopped(context)
    case 'open':
      return [
        ...(await checkServer(context, systemDatabase.database)),
        ...(await checkSchema(systemDatabase.database)),
        ...(await checkMasterKey(context, systemDatabase.database)),
      ]
  }
}

async function checkStopped({ dataDirectory, running }: CheckContext): Promise<readonly Finding[]> {
  if (running.length > 0)
    return [
      wrong(
        CHECK,
        'Lakegate runs, and its system database does not.',
        'Lakegate starts it again by itself within seconds; if not, look into its log.',
      ),
    ]
  const { data, marker } = placesOf(path.join(dataDirectory, 'system'))
  if (!(await isThere(path.join(data, 'PG_VERSION')))) {
    const traces = ['master.key', 'ca.pem', 'instances']
    const found = await Promise.all(traces.map((name) => isThere(path.join(dataDirectory, name))))
    const left = traces.filter((_name, index) => found[index])
    return left.length === 0
      ? [ok(CHECK, 'There is none yet; the first start makes it.')]
      : [
          wrong(
            CHECK,
            `${data} is gone or empty, but there was a system database: ${left.join(', ')} of it are still there.`,
            'Mount or restore it (lakegate restore), or name the external one with LAKEGATE_DATABASE_URL.',
          ),
        ]
  }
  return (await isThere(marker))
    ? [ok(CHECK, 'It is stopped, because Lakegate is; more can be checked while it runs.')]
    : [
        wrong(
          CHECK,
          `The marker ${marker} is gone, so a start would refuse the cluster.`,
          'Put it back if this is the right directory: {"id":"system"}',
        ),
      ]
}

async function checkServer(
  { settings }: CheckContext,
  database: SystemDatabase,
): Promise<readonly Finding[]> {
  const version = await askServerVersion(database)
  const kind = settings['database-url'].value === undefined ? 'embedded' : 'external'
  if (Number.parseInt(version, 10) < OLDEST_VERSION)
    return [
      wrong(
        CHECK,
        `The ${kind} system database is PostgreSQL ${version}, which is too old.`,
        `Use PostgreSQL ${String(OLDEST_VERSION)} or later.`,
      ),
    ]
  const { rows } = await sql<{ readonly may_create: boolean }>`
    SELECT pg_catalog.has_schema_privilege(pg_catalog.current_schema(), 'CREATE') AS may_create`.execute(
    database,
  )
  return rows[0]?.may_create === true
    ? [ok(CHECK, `The ${kind} system database answers: PostgreSQL ${version}.`)]
    : [
        wrong(
          CHECK,
          'Its user may not make tables in the system database, so the next upgrade would fail.',
          'Make the user of LAKEGATE_DATABASE_URL the owner of that database (ALTER DATABASE … OWNER TO …).',
        ),
      ]
}

async function checkSchema(database: SystemDatabase): Promise<readonly Finding[]> {
  const { last, unknown, missing } = await compareMigrations(database)
  if (last === undefined) return [ok(CHECK, 'It is empty; the first start makes the tables.')]
  if (unknown.length > 0)
    return [
      wrong(
        CHECK,
        `It was migrated by a later version of Lakegate (${unknown.at(-1) ?? ''}), so this one does not start on it.`,
        'Use that version or a later one; there is no way back but a backup.',
      ),
    ]
  return missing.length === 0
    ? [ok(CHECK, `Its schema is that of this version (${last}).`)]
    : [
        warning(
          CHECK,
          `${String(missing.length)} migrations are to come, which the next start of this version makes.`,
          'Take a backup before that start: there is no downgrade.',
        ),
      ]
}

async function checkMasterKey(
  { settings, dataDirectory }: CheckContext,
  database: SystemDatabase,
): Promise<readonly Finding[]> {
  const { last } = await compareMigrations(database)
  if (last === undefined) return []
  const file = masterKeyFileIn(settings, dataDirectory)
  try {
    const count = await countReadableKeys(database, createKeyEncryption(await loadMasterKey(file)))
    return [ok(CHECK, `The master key fits (${String(count)} signing ${count === 1 ? 'key' : 'keys'} read).`)]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [
      wrong(
        CHECK,
        error.code === 'master_key_does_not_fit'
          ? `The master key in ${file} does not fit: it cannot decrypt the signing keys.`
          : error.message,
        `Put back the file from its backup, or name it with LAKEGATE_MASTER_KEY_FILE. If it is lost for good: docs/incidents.md.`,
      ),
    ]
  }
}
