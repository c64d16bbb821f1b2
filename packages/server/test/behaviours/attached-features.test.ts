/** What an attached instance has of claims, native login and databricks_create_role, and what it says where it has not. */
import { randomUUID } from 'node:crypto'
import type { DatabaseCredential, DatabaseInstance } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  changeAttached,
  createAttachedRole,
  detach,
  inAttachedSession,
  loginOf,
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
import {
  createServicePrincipal,
  inSession,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin } = lakegate
/** Of the functions of databricks_auth. */
const HAS_FUNCTIONS = FOREIGN_MAJOR_VERSION >= 16
const CATALOG = `attached_${randomUUID().slice(0, 8)}`

let principal: TestServicePrincipal
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'attached features')
})

const setNativeLogin = ({ name }: Attached, enabled: boolean) =>
  admin.request<DatabaseInstance>(
    'PATCH',
    `/api/2.0/database/instances/${name}?update_mask=enable_pg_native_login`,
    { enable_pg_native_login: enabled },
  )

describe.each([
  ['a superuser', 'SUPERUSER', HAS_FUNCTIONS],
  ['a role with CREATEROLE', 'CREATEROLE', false],
] as const)(
  `PostgreSQL ${String(FOREIGN_MAJOR_VERSION)}, administered by %s`,
  (_title, administrator, hasFunctions) => {
    let cluster: ForeignCluster
    let attached: Attached
    const table = `${CATALOG}_${administrator.toLowerCase()}.shop.orders`

    beforeAll(async () => {
      cluster = await startForeignCluster({ administrator })
      await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
      attached = await attach(lakegate, `features-${String(cluster.port)}`, [cluster])
      await waitUntilAvailable(attached)
      await createAttachedRole(attached, principal)
      await cluster.query('CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 7 AS number', [], 'app')
      await admin.request('POST', '/api/2.0/database/catalogs', {
        name: table.split('.')[0],
        database_instance_name: attached.name,
        database_name: 'app',
      })
      await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${table}`, {
        changes: [{ principal: principal.applicationId, add: ['SELECT'] }],
      })
    })
    afterAll(async () => {
      await detach(attached).finally(() => cluster.stop())
    })

    const claimingLogin = async () => {
      const { token: password } = await principal.http.request<DatabaseCredential>(
        'POST',
        '/api/2.0/database/credentials',
        {
          request_id: randomUUID(),
          instance_names: [attached.name],
          claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: table }] }],
        },
      )
      return { ...(await loginOf(attached, principal)), password }
    }

    it.runIf(hasFunctions)('lets a token with claims read the named table', async () => {
      const rows = await inSession(lakegate, await claimingLogin(), async (client) => {
        await expect(client.query('DELETE FROM shop.orders')).rejects.toMatchObject({ code: '42501' })
        return (await client.query<{ number: number }>('SELECT number FROM shop.orders')).rows
      })
      expect(rows).toEqual([{ number: 7 }])
      await inAttachedSession(attached, principal, async (client) => {
        await expect(client.query('SELECT FROM shop.orders')).rejects.toMatchObject({ code: '42501' })
      })
    })

    it.runIf(!hasFunctions)('refuses a token with claims, and says what claims need', async () => {
      await expect(refusedLogin(lakegate, await claimingLogin())).resolves.toMatchObject({
        code: '28000',
        detail: expect.stringContaining(
          'claims need PostgreSQL 16 or later and an administrative role with SUPERUSER',
        ) as string,
      })
    })

    it('answers databricks_create_role with what to use instead', async () => {
      await cluster.query(
        `GRANT CREATE ON DATABASE app TO "${principal.applicationId}"; ALTER ROLE "${principal.applicationId}" CREATEROLE`,
      )
      await inAttachedSession(attached, principal, async (client) => {
        await expect(client.query("SELECT databricks_create_role('ada', 'USER')")).rejects.toMatchObject({
          code: '0A000',
          message: 'databricks_create_role is not available on an attached instance',
          hint: expect.stringContaining('create-database-instance-role') as string,
        })
      })
    })

    it('refuses native login, for which it would need the passwords', async () => {
      await expect(setNativeLogin(attached, true)).rejects.toThrow(
        /enable_pg_native_login: must be false: with attached.backend_authentication scram/,
      )
    })

    it.runIf(administrator === 'CREATEROLE')(
      'refuses native login by client certificate too, because it may not read how passwords are verified',
      async () => {
        await changeAttached(attached, { backend_authentication: 'client_certificate' })
        await expect(setNativeLogin(attached, true)).rejects.toThrow(
          /enable_pg_native_login: must be false: only a superuser/,
        )
      },
    )
  },
)

describe('native login', () => {
  it('opens sessions with the own password of a role, by a client certificate', async () => {
    const cluster = await startForeignCluster()
    const attached = await attach(lakegate, `native-${String(cluster.port)}`, [cluster], {
      backend_authentication: 'client_certificate',
    })
    try {
      const { attached: shown } = await waitUntilAvailable(attached)
      await cluster.writeFile('client-ca.pem', shown?.client_ca_pem ?? '')
      await cluster.writeRules('hostssl all all 127.0.0.1/32 cert')
      await cluster.query("CREATE ROLE ada LOGIN PASSWORD 'her own'")
      await setNativeLogin(attached, true)
      await createAttachedRole(attached, principal)
      const login = { ...(await loginOf(attached, principal)), user: 'ada', password: 'her own' }
      // The new authority is read a moment after the reload.
      const role = await waitFor('the new certificate authority', () =>
        inSession(
          lakegate,
          login,
          async (client) =>
            (await client.query<{ role: string }>('SELECT session_user::text AS role')).rows[0],
        ).catch(() => undefined),
      )
      expect(role).toEqual({ role: 'ada' })
      await expect(refusedLogin(lakegate, { ...login, password: 'another' })).resolves.toMatchObject({
        code: '28P01',
      })
      await expect(changeAttached(attached, { backend_authentication: 'scram' })).rejects.toThrow(
        /enable_pg_native_login: must be false/,
      )
    } finally {
      await detach(attached).finally(() => cluster.stop())
    }
  })

  it('that was asked for with the attachment keeps the instance from starting where it cannot be', async () => {
    const cluster = await startForeignCluster({ administrator: 'CREATEROLE' })
    const name = `native-${String(cluster.port)}`
    const wanted = {
      name,
      enable_pg_native_login: true,
      attached: {
        hosts: [{ host: cluster.host, port: cluster.port }],
        database: 'app',
        tls: { mode: 'verify-full', ca_pem: cluster.caPem },
        administration: ADMINISTRATOR,
      },
    }
    const create = (backend_authentication: string) =>
      admin.request('POST', '/api/2.0/database/instances', {
        ...wanted,
        attached: { ...wanted.attached, backend_authentication },
      })
    const attached = { name, lakegate }
    try {
      await expect(create('scram')).rejects.toThrow(/enable_pg_native_login: must be false/)
      await create('client_certificate')
      await waitForProblem(attached, 'only a superuser')
      await setNativeLogin(attached, false)
      await waitUntilAvailable(attached)
    } finally {
      await detach(attached).finally(() => cluster.stop())
    }
  })
})
