/**
 * Administrative connections to an attached cluster: over verified TLS, to the current primary, which is the first host
 * of the list that is not in recovery. Each time it is checked that this is still the same cluster.
 */
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type pg from 'pg'
import { inOrder, OLDEST_ATTACHED_VERSION, type ClusterHost } from '../../domain/attached-cluster.ts'
import type { AttachedBackend, DatabaseInstance } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { Redacted } from '../../domain/redacted.ts'
import type { AttachedSecretStore } from '../../operations/ports/attached.ts'
import type { KeyEncryption } from '../../operations/ports/keys.ts'
import { endSoon, openAdministrativeClient, PUT_BACK_SETTINGS, requireActingAs } from '../session-settings.ts'
import { anotherCluster, faultOfHosts, passwordLost, tooOld, type HostFailure } from './faults.ts'

/** Timeout for one host; a whole list of hosts must fit into the time of a login. */
const CONNECT_TIMEOUT_MS = 3_000

export type AttachedInstance = DatabaseInstance & { readonly backend: AttachedBackend }

export interface PrimaryConnection {
  readonly client: pg.Client
  readonly host: ClusterHost
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
  readonly isSuperuser: boolean
}

export interface ClusterConnector {
  /** @throws Fault that says why no host could be used; of several reasons the most serious one */
  connect(
    instance: AttachedInstance,
    database: string,
    statementTimeoutMs: number,
  ): Promise<PrimaryConnection>
}

interface PrimaryRow {
  readonly is_standby: boolean
  readonly version: number
  readonly identifier: string
  readonly is_superuser: boolean
  readonly acts_as: string
}

/** The administrative database may belong to a user, so its settings are reset before anything else is read. */
const WHO_ARE_YOU = `
  SELECT ${PUT_BACK_SETTINGS} AS put_back, CURRENT_USER::text AS acts_as,
         pg_catalog.pg_is_in_recovery() AS is_standby,
         pg_catalog.current_setting('server_version_num')::int AS version,
         (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS identifier,
         (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS is_superuser`

export function createClusterConnector(ports: {
  readonly secrets: Pick<AttachedSecretStore, 'loadAdministrativePassword'>
  readonly encryption: Pick<KeyEncryption, 'decrypt'>
}): ClusterConnector {
  /** The last known primary, tried first; a restart forgets it, which costs one more attempt. */
  const primaries = new Map<InstanceUid, ClusterHost>()

  async function loadPassword({ uid, name }: AttachedInstance): Promise<Redacted<string>> {
    const encrypted = await ports.secrets.loadAdministrativePassword(uid)
    if (encrypted === undefined) throw passwordLost(name)
    return new Redacted(Buffer.from(ports.encryption.decrypt(encrypted)).toString('utf8'))
  }

  return {
    async connect(instance, database, statementTimeoutMs) {
      const password = await loadPassword(instance)
      const failures: HostFailure[] = []
      for (const host of inOrder(instance.backend.cluster.hosts, primaries.get(instance.uid))) {
        let client: pg.Client | undefined
        try {
          client = await openAdministrativeClient(
            configurationFor(instance.backend, host, database, password),
            {
              statementTimeoutMs,
              pgMajorVersion: instance.pgMajorVersion,
              asSuperuser: false,
            },
          )
          const found = await ask(client)
          requireActingAs(instance.backend.cluster.administrator, found.acts_as)
          if (!found.is_standby) {
            primaries.set(instance.uid, host)
            return identify(instance, host, client, found)
          }
          failures.push({ host, error: 'standby' })
        } catch (error) {
          if (error instanceof Fault) {
            if (client !== undefined) endSoon(client)
            throw error
          }
          failures.push({ host, error })
        }
        if (client !== undefined) endSoon(client)
      }
      throw faultOfHosts(instance.name, failures)
    },
  }
}

const configurationFor = (
  { cluster }: AttachedBackend,
  { host, port }: ClusterHost,
  database: string,
  password: Redacted<string>,
): pg.ClientConfig => ({
  host,
  port,
  user: cluster.administrator,
  password: password.reveal(),
  database,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  ssl: {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(cluster.tls.caPem === undefined ? {} : { ca: cluster.tls.caPem }),
    // The driver passes no host name to Node.js when it is an address; the host that we meant to reach is verified.
    checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
      cluster.tls.mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  },
})

async function ask(client: pg.Client): Promise<PrimaryRow> {
  const { rows } = await client.query<PrimaryRow>(WHO_ARE_YOU)
  const [row] = rows
  if (row === undefined) throw new Error('the server does not say what it is')
  return row
}

function identify(
  instance: AttachedInstance,
  host: ClusterHost,
  client: pg.Client,
  found: PrimaryRow,
): PrimaryConnection {
  const pgMajorVersion = Math.floor(found.version / 10_000)
  const problem =
    pgMajorVersion < OLDEST_ATTACHED_VERSION
      ? tooOld(host, pgMajorVersion)
      : instance.systemIdentifier !== undefined && instance.systemIdentifier !== found.identifier
        ? anotherCluster(host, found.identifier, instance.systemIdentifier)
        : undefined
  if (problem === undefined) {
    return {
      client,
      host,
      systemIdentifier: found.identifier,
      pgMajorVersion,
      isSuperuser: found.is_superuser,
    }
  }
  endSoon(client)
  throw problem
}
