/** Roles whose names are exchanged in the middle of a change: nothing happens to the one that was not meant. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type pg from 'pg'
import type { ClusterConnector } from '../../src/instances/attached/connect-to-primary.ts'
import {
  createAdministrativeAccess,
  type AdministrativeAccess,
} from '../../src/instances/administrative-client.ts'
import { createInstanceRoleAdministration } from '../../src/instances/role-administration.ts'
import { openAdministrativeClient } from '../../src/instances/session-settings.ts'
import type { RoleBindingStore } from '../../src/operations/ports/role-bindings.ts'
import { instanceRow } from '../operations/instance-world.ts'
import { ALICE_ID } from '../policy/facts.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'

let cluster: ForeignCluster
beforeAll(async () => {
  cluster = await startForeignCluster()
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await cluster.query('DROP ROLE IF EXISTS meant; DROP ROLE IF EXISTS other; DROP ROLE IF EXISTS heir')
  await cluster.query('CREATE ROLE meant; CREATE ROLE other; CREATE ROLE heir')
})

const instance = () =>
  instanceRow({
    backend: {
      kind: 'attached',
      bindings: 'shared_catalog',
      cluster: {
        hosts: [{ host: cluster.host, port: cluster.port }],
        database: 'app',
        tls: { mode: 'verify-full', caPem: cluster.caPem },
        administrator: ADMINISTRATOR.user,
        backendAuthentication: 'scram',
        existingPasswords: 'refuse',
      },
    },
  })

const notAsked = () => Promise.reject(new Error('nobody asks for this'))
/** The cluster keeps the bindings itself. */
const NOT_ASKED: RoleBindingStore = {
  loadBinding: notAsked,
  listBindings: notAsked,
  listBoundTo: notAsked,
  insertBinding: notAsked,
  removeBinding: notAsked,
  takeOverBindings: notAsked,
  isTableAwaited: notAsked,
}

/** Exchanges the names of the two roles just before a statement that begins so. */
function accessThatExchanges(before: string): AdministrativeAccess {
  const connect: ClusterConnector['connect'] = async (_instance, database, statementTimeoutMs) => {
    const { host, port, caPem } = cluster
    const client = await openAdministrativeClient(
      { host, port, database, ...ADMINISTRATOR, ssl: { ca: caPem } },
      { statementTimeoutMs, pgMajorVersion: 18, asSuperuser: false },
    )
    const query = client.query.bind(client) as (...given: unknown[]) => Promise<pg.QueryResult>
    client.query = (async (...given: unknown[]) => {
      if (typeof given[0] === 'string' && given[0].startsWith(before))
        await cluster.query(
          'ALTER ROLE meant RENAME TO between; ALTER ROLE other RENAME TO meant; ALTER ROLE between RENAME TO other',
        )
      return query(...given)
    }) as pg.Client['query']
    return { client, host: { host, port }, systemIdentifier: '', pgMajorVersion: 18, isSuperuser: true }
  }
  return createAdministrativeAccess({ connect })
}

const roles = async () =>
  (
    await cluster.query<{ name: string; createdb: boolean }>(
      "SELECT rolname AS name, rolcreatedb AS createdb FROM pg_roles WHERE rolname IN ('meant', 'other') ORDER BY 1",
    )
  ).map(({ name, createdb }) => `${name} ${String(createdb)}`)

describe('a role whose name another one gets meanwhile', () => {
  it.each([
    ['is not dropped in its place', 'DROP ROLE'],
    ['does not lose in its place what it owns', 'REASSIGN OWNED'],
  ])('%s', async (_what, before) => {
    const administration = createInstanceRoleAdministration(accessThatExchanges(before), NOT_ASKED)
    await expect(
      administration.dropRole(instance(), 'meant', { reassignOwnedTo: 'heir' }),
    ).rejects.toMatchObject({ code: 'role_changed_meanwhile', retryable: true })
    await expect(roles()).resolves.toEqual(['meant false', 'other false'])
  })

  it('is not changed in its place', async () => {
    const administration = createInstanceRoleAdministration(accessThatExchanges('ALTER ROLE'), NOT_ASKED)
    await expect(
      administration.updateRole(instance(), 'meant', { attributes: { createdb: true } }),
    ).rejects.toMatchObject({ code: 'role_changed_meanwhile' })
    await expect(roles()).resolves.toEqual(['meant false', 'other false'])
  })

  it('is not bound in its place: the one that was meant is, whatever it is called by now', async () => {
    const [meant] = await cluster.query<{ oid: string }>("SELECT 'meant'::regrole::oid::text AS oid")
    const administration = createInstanceRoleAdministration(
      accessThatExchanges('INSERT INTO pg_catalog.pg_shseclabel'),
      NOT_ASKED,
    )
    await administration.bindExistingRole(instance(), 'meant', { id: ALICE_ID, type: 'USER' })
    await expect(
      cluster.query("SELECT objoid::text AS oid FROM pg_shseclabel WHERE provider = 'databricks_auth'"),
    ).resolves.toEqual([meant])
  })
})
