/**
 * An instance with people of different rights in it. The attacker is a service principal that owns the schema `attack`,
 * and nothing else. The owner of the instance has CREATEROLE, administers the role of the treasurer, and is a member of
 * the attacker's role, so that it may maintain the attacker's tables. Bypassing row security would keep policies from
 * being run, and is taken from it. `accomplice` is a role to grant others to.
 *
 * The instance is embedded, or a cluster of somebody else's with a superuser as administrator; what happens in it is the
 * same.
 */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { DatabaseCredential, DatabaseInstance } from '@lakegate/client'
import pg from 'pg'
import { attach, createAttachedRole, detach, waitUntilAvailable, type Attached } from '../attach.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../foreign-cluster.ts'
import type { Lakegate } from '../lakegate.ts'
import {
  createServicePrincipal,
  inSession,
  mintCredential,
  type Login,
  type TestServicePrincipal,
} from '../service-principal.ts'

/** Who comes along: a superuser around the gateway, the owner through it, and the owner with a token that has claims. */
export type Visitor = 'owner' | 'claimant' | 'superuser'

export interface AttackedInstance {
  readonly pgMajorVersion: number
  readonly database: string
  /** Of the server, to reach it around the gateway. */
  readonly socketDirectory: string
  readonly port: number
  /** How a server of the same cluster is reached with a password, where PostgreSQL listens to others than the gateway. */
  readonly conninfo?: string
  readonly superuser: string
  readonly owner: string
  readonly attacker: TestServicePrincipal
  readonly treasurer: TestServicePrincipal
  /** An identity that has no role. */
  readonly newcomer: TestServicePrincipal
  /** Only an embedded instance can ask the control plane who an identity is. */
  readonly createsRoles: boolean
  /** A session of a superuser, for what is not part of the play. */
  readonly observer: pg.Client
  as<Result>(
    visitor: Visitor,
    work: (client: pg.Client) => Promise<Result>,
    /** Another than its own, for a superuser. */
    database?: string,
  ): Promise<Result>
  asAttacker<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result>
  /** With a token of this identity, as this role. */
  loginWith(identity: TestServicePrincipal, role: string): Promise<Login>
  remove(): Promise<void>
}

/** A role that has the name of a reader of claims, without being one. */
export const LOOKALIKE_OF_READER = 'databricks_claims_1_0123456789abcdef'

export async function createEmbedded(lakegate: Lakegate): Promise<AttackedInstance> {
  const instance: Attached = { name: `attacked-${randomUUID().slice(0, 8)}`, lakegate }
  const { uid } = await lakegate.admin.request<DatabaseInstance>('POST', '/api/2.0/database/instances', {
    name: instance.name,
  })
  return furnish(instance, {
    pgMajorVersion: 18,
    database: 'databricks_postgres',
    socketDirectory: path.join(lakegate.dataDirectory, 'instances', uid, 'socket'),
    port: 5432,
    superuser: 'cloud_admin',
    createsRoles: true,
    remove: () => detach(instance),
  })
}

/** With `wal_level = logical`, so that it can subscribe to itself. */
export async function attachForeign(lakegate: Lakegate, pgMajorVersion: number): Promise<AttackedInstance> {
  const cluster: ForeignCluster = await startForeignCluster()
  await cluster.query("ALTER SYSTEM SET wal_level = 'logical'")
  await cluster.kill()
  await cluster.start()
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  const instance = await attach(lakegate, `attacked-${String(cluster.port)}`, [cluster])
  return furnish(instance, {
    pgMajorVersion,
    database: 'app',
    socketDirectory: path.dirname(cluster.dataDirectory),
    port: cluster.port,
    conninfo: `host=127.0.0.1 port=${String(cluster.port)} user=${ADMINISTRATOR.user} password='${ADMINISTRATOR.password}'`,
    superuser: 'operator',
    createsRoles: false,
    remove: () => detach(instance).finally(() => cluster.stop()),
  })
}

type Server = Omit<
  AttackedInstance,
  'owner' | 'attacker' | 'treasurer' | 'newcomer' | 'observer' | 'as' | 'asAttacker' | 'loginWith'
>

async function furnish(instance: Attached, server: Server): Promise<AttackedInstance> {
  const { lakegate } = instance
  const { read_write_dns, read_write_port = 5432 } = await waitUntilAvailable(instance)
  const [attacker, treasurer, newcomer] = [
    await createServicePrincipal(lakegate, 'attacker'),
    await createServicePrincipal(lakegate, 'treasurer'),
    await createServicePrincipal(lakegate, 'newcomer'),
  ]
  for (const principal of [attacker, treasurer]) await createAttachedRole(instance, principal)
  const owner = lakegate.ready.admin_user
  const login = async (http: TestServicePrincipal['http'], user: string): Promise<Login> => ({
    user,
    password: await mintCredential(http, instance.name),
    database: server.database,
    instance: { host: read_write_dns, port: read_write_port },
  })
  const clientOfSuperuser = (database: string) => {
    const { socketDirectory: host, port, superuser: user } = server
    const client = new pg.Client({ host, port, user, database })
    client.on('error', () => undefined)
    return client
  }
  // One credential is good for an hour of logins.
  const logins = new Map<'owner' | 'claimant' | 'attacker', Login>()
  const loginOnce = async (who: 'owner' | 'claimant' | 'attacker'): Promise<Login> => {
    const made = logins.get(who) ?? (await makeLogin[who]())
    logins.set(who, made)
    return made
  }
  const makeLogin = {
    owner: () => login(lakegate.admin, owner),
    claimant: async () => ({
      ...(await login(lakegate.admin, owner)),
      password: await mintWithClaims(instance),
    }),
    attacker: () => login(attacker.http, attacker.applicationId),
  }
  const observer = clientOfSuperuser(server.database)
  await observer.connect()
  await observer.query(`
    ALTER ROLE "${owner}" CREATEROLE NOBYPASSRLS;
    GRANT CREATE ON DATABASE ${server.database} TO "${owner}";
    GRANT "${treasurer.applicationId}" TO "${owner}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    GRANT "${attacker.applicationId}" TO "${owner}" WITH INHERIT TRUE, SET TRUE;
    CREATE ROLE accomplice NOLOGIN;
    CREATE ROLE ${LOOKALIKE_OF_READER} NOLOGIN;
    CREATE SCHEMA attack AUTHORIZATION "${attacker.applicationId}";
    GRANT USAGE ON SCHEMA attack TO PUBLIC;
    GRANT CREATE ON SCHEMA attack TO ${LOOKALIKE_OF_READER};
    CREATE SCHEMA stage;
    CREATE TABLE stage.claimed ()`)
  await registerClaimed(instance, server.database)
  return {
    ...server,
    owner,
    attacker,
    treasurer,
    newcomer,
    observer,
    async as(visitor, work, database = server.database) {
      if (visitor !== 'superuser') return inSession(lakegate, await loginOnce(visitor), work)
      const client = clientOfSuperuser(database)
      await client.connect()
      try {
        return await work(client)
      } finally {
        await client.end()
      }
    },
    asAttacker: async (work) => inSession(lakegate, await loginOnce('attacker'), work),
    loginWith: (identity, role) => login(identity.http, role),
    remove: () => observer.end().finally(server.remove),
  }
}

const catalogOf = ({ name }: Attached) => name.replaceAll('-', '_')

async function registerClaimed(instance: Attached, database: string): Promise<void> {
  const { admin, ready } = instance.lakegate
  const catalog = catalogOf(instance)
  await admin.request('POST', '/api/2.0/database/catalogs', {
    name: catalog,
    database_instance_name: instance.name,
    database_name: database,
  })
  await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${catalog}.stage.claimed`, {
    changes: [{ principal: ready.admin_user, add: ['SELECT'] }],
  })
}

async function mintWithClaims(instance: Attached): Promise<string> {
  const { token } = await instance.lakegate.admin.request<DatabaseCredential>(
    'POST',
    '/api/2.0/database/credentials',
    {
      request_id: randomUUID(),
      instance_names: [instance.name],
      claims: [
        { permission_set: 'READ_ONLY', resources: [{ table_name: `${catalogOf(instance)}.stage.claimed` }] },
      ],
    },
  )
  return token
}
