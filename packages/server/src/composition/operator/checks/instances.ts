/** Each database instance: its directory and its cluster, or the attached cluster over TLS, and what its state says. */
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { effectiveStopped, type DatabaseInstance } from '../../../domain/database-instance.ts'
import { Fault } from '../../../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../../../domain/role.ts'
import {
  createClusterConnector,
  type AttachedInstance,
  type ClusterConnector,
} from '../../../instances/attached/connect-to-primary.ts'
import { readMarker } from '../../../instances/embedded/marker.ts'
import { isThere } from '../../../instances/embedded/own-files.ts'
import { placesOf } from '../../../instances/embedded/places.ts'
import { askCluster } from '../../../instances/embedded/readiness.ts'
import { createKeyEncryption } from '../../../keys/key-encryption.ts'
import { loadMasterKey } from '../../../keys/master-key.ts'
import { createAttachedSecretStore } from '../../../store/attached-clusters.ts'
import { createInstanceStore } from '../../../store/instances.ts'
import { compareMigrations } from '../../../store/migrate.ts'
import type { SystemDatabase } from '../../../store/system-database.ts'
import { masterKeyFileIn } from '../../data-directory.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'instances'
const STATEMENT_LIMIT_MS = 3_000

export async function checkInstances(context: CheckContext): Promise<readonly Finding[]> {
  if (context.systemDatabase.state !== 'open')
    return [ok(CHECK, 'They are known while the system database runs.')]
  const { database } = context.systemDatabase
  const { last, unknown } = await compareMigrations(database)
  if (last === undefined || unknown.length > 0) return []
  const instances = await createInstanceStore(database).listAll()
  if (instances.length === 0) return [ok(CHECK, 'There are none.')]
  const findings: Finding[] = []
  for (const instance of instances)
    findings.push(
      isAttached(instance)
        ? await checkAttached(context, database, instance)
        : await checkLocal(context, instance),
    )
  return findings
}

const isAttached = (instance: DatabaseInstance): instance is AttachedInstance =>
  instance.backend.kind === 'attached'

async function checkLocal(context: CheckContext, instance: DatabaseInstance): Promise<Finding> {
  const { name, uid, state, fault, systemIdentifier, settings } = instance
  const places = placesOf(path.join(context.dataDirectory, 'instances', uid))
  if (systemIdentifier === undefined)
    return warning(CHECK, `${name} is ${state}: its cluster was never complete.`, 'See the log of Lakegate.')
  if (!(await isThere(path.join(places.data, 'PG_VERSION'))))
    return wrong(
      CHECK,
      `${name}: the data directory ${places.data} is gone or empty.`,
      'Mount or restore it, and it is used again; delete the instance if it is lost for good.',
    )
  const uids = [process.getuid?.() ?? -1, ...(context.account instanceof Fault ? [] : [context.account.uid])]
  const marker = await readMarker(places.marker, uids)
  if (marker.state !== 'read' || marker.id !== uid)
    return wrong(
      CHECK,
      `${name}: the marker ${places.marker} ${marker.state === 'read' ? `names another cluster (${marker.id})` : 'is gone or unreadable'}.`,
      `If the directory is the right one, put it back: {"id":"${uid}","systemIdentifier":"${systemIdentifier}"}`,
    )
  if (fault !== undefined)
    return wrong(CHECK, `${name} is ${state}: ${fault.message}`, fault.nextStep ?? 'See the log of Lakegate.')
  if (effectiveStopped(settings)) return ok(CHECK, `${name} is stopped, as it should be.`)
  return checkAnswer(context, instance)
}

async function checkAnswer(
  { running }: CheckContext,
  { name, state, backend, systemIdentifier }: DatabaseInstance,
): Promise<Finding> {
  const socket = backend.kind === 'embedded' ? backend.socketDirectory : undefined
  const answer = socket === undefined ? undefined : await askCluster(socket, SYSTEM_SUPERUSER)
  if (answer === undefined)
    return running.length === 0
      ? ok(CHECK, `${name} does not run, because Lakegate does not.`)
      : wrong(
          CHECK,
          `${name} is ${state}, and its PostgreSQL does not answer.`,
          'Lakegate starts it again by itself; if not, look into its log and into server-log/ of the instance.',
        )
  return answer.systemIdentifier === systemIdentifier
    ? ok(CHECK, `${name} is ${state} and answers (PostgreSQL ${String(answer.pgMajorVersion)}).`)
    : wrong(
        CHECK,
        `${name}: another cluster answers (system identifier ${answer.systemIdentifier}, not ${systemIdentifier ?? ''}).`,
        'Put the right data directory back.',
      )
}

async function checkAttached(
  { settings, dataDirectory }: CheckContext,
  database: SystemDatabase,
  instance: AttachedInstance,
): Promise<Finding> {
  const { name, state } = instance
  try {
    const connector = await connectorFor(database, masterKeyFileIn(settings, dataDirectory))
    const { client, host, pgMajorVersion } = await connector.connect(
      instance,
      instance.backend.cluster.database,
      STATEMENT_LIMIT_MS,
    )
    await client.end().catch(() => undefined)
    return ok(
      CHECK,
      `${name} is ${state}; its primary ${host.host} port ${String(host.port)} answers over TLS (PostgreSQL ${String(pgMajorVersion)}).`,
    )
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return wrong(CHECK, `${name}: ${error.message}`, error.nextStep ?? 'See there.')
  }
}

const connectorFor = async (database: SystemDatabase, masterKeyFile: string): Promise<ClusterConnector> =>
  createClusterConnector({
    secrets: createAttachedSecretStore(database),
    encryption: createKeyEncryption(await loadMasterKey(masterKeyFile)),
  })
