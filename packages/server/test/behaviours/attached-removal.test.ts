/** Deleting an attached instance leaves the cluster as it is, or takes out what Lakegate put in: whoever deletes says so. */
import { randomUUID } from 'node:crypto'
import type { AuditAnswer, DatabaseCredential } from '@lakegate/client'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  attach,
  createAttachedRole,
  detach,
  inAttachedSession,
  loginOf,
  showInstance,
  waitForProblem,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import {
  ADMINISTRATOR,
  FOREIGN_MAJOR_VERSION,
  startForeignCluster,
  type ForeignCluster,
} from '../stage/foreign-cluster.ts'
import { createServicePrincipal, inSession, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin } = lakegate
const HAS_FUNCTIONS = FOREIGN_MAJOR_VERSION >= 16

let principal: TestServicePrincipal
let cluster: ForeignCluster
let attached: Attached
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'removal')
})

/** With a role of an identity that logged in and owns a table, and a role of the operator's with a password. */
async function begin(administrator: string): Promise<void> {
  cluster = await startForeignCluster({ administrator })
  onTestFinished(() => cluster.stop())
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  await cluster.query("CREATE ROLE app_rw LOGIN PASSWORD 'its own'")
  attached = await attach(lakegate, `removal-${String(cluster.port)}`, [cluster])
  await waitUntilAvailable(attached)
  await createAttachedRole(attached, principal)
  await cluster.query(`CREATE SCHEMA own AUTHORIZATION "${principal.applicationId}"`, [], 'app')
  await inAttachedSession(attached, principal, (client) =>
    client.query('CREATE TABLE own.data AS SELECT 7 AS number'),
  )
}

const remove = () =>
  admin.request('DELETE', `/api/2.0/database/instances/${attached.name}?purge=true&remove_objects=true`)

const waitUntilGone = () =>
  waitFor('the deletion', () =>
    showInstance(attached).then(
      () => false,
      () => true,
    ),
  )

/** What is named after databricks in the cluster and in the database, and how many labels there are. */
async function traces(): Promise<readonly string[]> {
  const rows = await cluster.query<{ trace: string }>(
    `SELECT 'role ' || rolname AS trace FROM pg_roles WHERE rolname ~ '^databricks'
     UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname ~ '^databricks'
     UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname ~ '^databricks'
     UNION ALL SELECT 'relation ' || relname FROM pg_class WHERE relname ~ '^databricks'
     UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
     UNION ALL SELECT 'label' FROM pg_shseclabel ORDER BY 1`,
    [],
    'app',
  )
  return rows.map(({ trace }) => trace)
}

const passwordOf = async (role: string) =>
  (
    await cluster.query<{ password: string | null }>(
      'SELECT rolpassword AS password FROM pg_authid WHERE rolname = $1',
      [role],
    )
  )[0]?.password

const dataOf = (role: string) =>
  cluster.query(`SET ROLE "${role}"; SELECT number FROM own.data`, [], 'app').then(
    () => 'there',
    (error: unknown) => error,
  )

describe.each(['SUPERUSER', 'CREATEROLE'])('with %s', (administrator) => {
  it('a deletion touches nothing by itself', async () => {
    await begin(administrator)
    const [before, password] = [await traces(), await passwordOf(principal.applicationId)]
    await detach(attached)
    await waitUntilGone()
    await expect(traces()).resolves.toEqual(before)
    await expect(passwordOf(principal.applicationId)).resolves.toBe(password)
  })

  it('remove_objects takes out what Lakegate made, and leaves roles, passwords and data', async () => {
    await begin(administrator)
    const password = await passwordOf('app_rw')
    expect(await traces()).toContain('role databricks_superuser')
    await remove()
    await waitUntilGone()
    await expect(traces()).resolves.toEqual([])
    await expect(passwordOf('app_rw')).resolves.toBe(password)
    await expect(dataOf(principal.applicationId)).resolves.toBe('there')
  })

  it('remove_objects leaves databricks_superuser when somebody granted privileges to it', async () => {
    await begin(administrator)
    await cluster.query('CREATE TABLE kept (); GRANT SELECT ON kept TO databricks_superuser', [], 'app')
    await remove()
    await waitUntilGone()
    await expect(traces()).resolves.toEqual(['role databricks_superuser'])
  })
})

describe('with SUPERUSER', () => {
  it.runIf(HAS_FUNCTIONS)('remove_objects leaves functions that only have the name of ours', async () => {
    await begin('SUPERUSER')
    await cluster.query(
      `CREATE FUNCTION public.databricks_create_role(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE FUNCTION public.databricks_session_identity(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      [],
      'app',
    )
    await remove()
    await waitUntilGone()
    await expect(traces()).resolves.toEqual([
      'function databricks_create_role',
      'function databricks_session_identity',
    ])
  })

  it('remove_objects takes the managed key off a role, and no password that was set since', async () => {
    await begin('SUPERUSER')
    const other = await createServicePrincipal(lakegate, 'removal with a password')
    await createAttachedRole(attached, other)
    await inAttachedSession(attached, other, (client) => client.query('SELECT 1'))
    await cluster.query(`ALTER ROLE "${other.applicationId}" PASSWORD 'set since'`)
    await remove()
    await waitUntilGone()
    await expect(passwordOf(principal.applicationId)).resolves.toBeNull()
    await expect(passwordOf(other.applicationId)).resolves.toMatch(/^SCRAM/)
  })

  it('remove_objects says in the audit which roles keep a password that somebody set on them', async () => {
    await begin('SUPERUSER')
    const other = await createServicePrincipal(lakegate, 'removal with a password left')
    await createAttachedRole(attached, other)
    await cluster.query(`ALTER ROLE "${other.applicationId}" PASSWORD 'set since'`)
    const { uid } = await showInstance(attached)
    await remove()
    await waitUntilGone()
    const left = await waitFor('the record', async () => {
      const { records } = await admin.request<AuditAnswer>(
        'GET',
        `/api/2.0/lakegate/audit?event=change_role&instance_uid=${uid}&page_size=100`,
      )
      const found = records.filter(({ detail }) => detail?.includes('keeps a password') === true)
      return found.length > 0 && found
    })
    expect(left.map(({ role }) => role)).toEqual([other.applicationId])
  })

  it.runIf(HAS_FUNCTIONS)('remove_objects takes the readers of claims out', async () => {
    await begin('SUPERUSER')
    const catalog = `removal_${randomUUID().slice(0, 8)}`
    await cluster.query('CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 7 AS number', [], 'app')
    await admin.request('POST', '/api/2.0/database/catalogs', {
      name: catalog,
      database_instance_name: attached.name,
      database_name: 'app',
    })
    await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${catalog}.shop.orders`, {
      changes: [{ principal: principal.applicationId, add: ['SELECT'] }],
    })
    const { token: password } = await principal.http.request<DatabaseCredential>(
      'POST',
      '/api/2.0/database/credentials',
      {
        instance_names: [attached.name],
        claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: `${catalog}.shop.orders` }] }],
      },
    )
    await inSession(lakegate, { ...(await loginOf(attached, principal)), password }, (client) =>
      client.query('SELECT FROM shop.orders'),
    )
    expect((await traces()).join()).toContain('role databricks_claims_')
    await remove()
    await waitUntilGone()
    await expect(traces()).resolves.toEqual([])
  })

  it.runIf(HAS_FUNCTIONS)(
    'remove_objects drops nothing that others use: the instance says what, and can be deleted without',
    async () => {
      await begin('SUPERUSER')
      await cluster.query('CREATE VIEW who AS SELECT * FROM databricks_session_identity()', [], 'app')
      const before = await traces()
      await remove()
      await expect(waitForProblem(attached, 'view public.who depends on')).resolves.toContain(
        'without remove_objects',
      )
      await expect(traces()).resolves.toEqual(before)
      await detach(attached)
      await waitUntilGone()
      await expect(traces()).resolves.toEqual(before)
    },
  )

  it('remove_objects waits for a cluster that does not answer, and can be deleted without', async () => {
    await begin('SUPERUSER')
    await cluster.query(`ALTER ROLE ${ADMINISTRATOR.user} PASSWORD 'rotated'`)
    await remove()
    await waitForProblem(attached, 'Check administration.user')
    await detach(attached)
    await waitUntilGone()
  })

  it('remove_objects is refused for an instance of Lakegate’s own', async () => {
    await expect(
      admin.request(
        'DELETE',
        `/api/2.0/database/instances/${lakegate.ready.instance.name}?remove_objects=true`,
      ),
    ).rejects.toThrow(/remove_objects: is only for attached instances/)
  })
})
