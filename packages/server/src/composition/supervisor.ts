/**
 * Builds the supervisor of the PostgreSQL clusters behind instances: those that Lakegate runs itself, and attached
 * ones.
 */
import path from 'node:path'
import { loadManagedVerifiers } from '../instances/attached/backend-credentials.ts'
import { createAttachedDriver } from '../instances/attached/driver.ts'
import { createInstanceDriver } from '../instances/drivers.ts'
import { createEmbeddedDriver } from '../instances/embedded/driver.ts'
import { createInstanceSupervisor, type RunningSupervisor } from '../instances/supervisor.ts'
import type { SessionAsker } from '../operations/ports/sessions.ts'
import { takeOverBindings } from '../operations/roles/take-over-bindings.ts'
import type { Foundation } from './foundation.ts'
import type { Machine } from './machine.ts'
import { reportSupervision } from './report-supervision.ts'

/** The settings that local clusters are started with. */
export interface ClusterSettings {
  readonly connectionsOfInstance: number
  /** 0 means no limit. */
  readonly sessionIdleSeconds: number
  readonly replicationSlotMegabytes: number
}

/** Logins find a new primary by themselves; this is how soon the state of an instance shows the change. */
const WATCH_ATTACHED_EVERY_MS = 5_000

export function buildSupervisor(
  foundation: Foundation,
  machine: Machine,
  parts: { readonly inquiryDirectory: string; readonly sessions: Pick<SessionAsker, 'ask'> },
  settings: ClusterSettings,
): RunningSupervisor {
  const { stores, clock, log } = foundation
  return createInstanceSupervisor({
    store: stores.instances,
    driver: createInstanceDriver({
      embedded: buildEmbeddedDriver(foundation, machine, parts.inquiryDirectory, settings),
      attached: buildAttachedDriver(foundation, parts.sessions),
    }),
    directory: stores.directory,
    clock,
    report: (event) => {
      reportSupervision(log, event)
    },
  })
}

const buildEmbeddedDriver = (
  { clusters, stores }: Foundation,
  machine: Machine,
  inquiryDirectory: string,
  settings: ClusterSettings,
) =>
  createEmbeddedDriver({
    directory: path.join(machine.dataDirectory, 'instances'),
    binaries: machine.binaries,
    account: machine.account,
    isDurable: machine.isDurable,
    connectionsOfInstance: settings.connectionsOfInstance,
    sessionIdleSeconds: settings.sessionIdleSeconds,
    replicationSlotMegabytes: settings.replicationSlotMegabytes,
    extensionDirectory: machine.extensionDirectory,
    preloadLibraries: machine.preloadLibraries,
    controlPlaneConninfo: `host=${quoteForConninfo(inquiryDirectory)} port=5432 user=databricks_auth dbname=lakegate connect_timeout=5`,
    connections: clusters.connections,
    access: clusters.access,
    completeInstances: async () =>
      (await stores.instances.listAll())
        .filter(
          ({ backend, state, systemIdentifier }) =>
            backend.kind === 'embedded' && state !== 'DELETING' && systemIdentifier !== undefined,
        )
        .map(({ uid }) => uid),
  })

const buildAttachedDriver = (
  { clusters, stores, audit, log, encryption }: Foundation,
  sessions: Pick<SessionAsker, 'ask'>,
) =>
  createAttachedDriver({
    clusters: clusters.connector,
    access: clusters.access,
    connections: clusters.connections,
    bindings: stores.roleBindings,
    async takeOverBindings(instance, found) {
      const taken = await takeOverBindings({ bindings: stores.roleBindings, audit }, instance, found)
      log.warn(
        { instance: instance.uid, found: found.length, taken },
        'the bindings of roles were taken over from databricks_auth.role_binding of an attached cluster, which members of pg_write_all_data could write: check the audit records take_over_binding',
      )
    },
    reportPasswordLeft({ uid, name, workspaceId }, role) {
      audit.record({
        event: 'change_role',
        outcome: 'admitted',
        role,
        instanceUid: uid,
        instanceName: name,
        workspaceId,
        detail: 'bound to no identity any more; it keeps a password that was set on it',
      })
    },
    watchEveryMs: WATCH_ATTACHED_EVERY_MS,
    loadManagedVerifiers: (uid) => loadManagedVerifiers({ secrets: clusters.secrets, encryption }, uid),
    async endSessions({ uid: instanceUid, workspaceId }) {
      const selection = { workspaceId, instanceUid, identityId: undefined, sessionId: undefined }
      await sessions.ask({ kind: 'end', selection })
    },
  })

/** PostgreSQL, «Connection Strings»: within single quotes these two have a backslash before them. */
const quoteForConninfo = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
