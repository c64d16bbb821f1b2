/** What the owner of a database dumps, the owner restores; with the commands of docs/operating.md, as they stand there. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DatabaseCredential } from '@lakegate/client'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { installPostgresPrograms } from '../stage/postgres-programs.ts'
import {
  createPrincipalWithRole,
  inSession,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const programs = await installPostgresPrograms()
afterAll(() => programs.remove())

/** The blocks of the document, in its order. */
const commands = blocksRunBy('docs/operating.md', 'packages/server/test/clients/dumps.test.ts').map(
  ({ text }) => text,
)

describe.skipIf(programs.missing !== undefined)('a dump by the owner of a database', () => {
  let directory: string
  let principal: TestServicePrincipal

  const asOwnerOf = async <Result>(database: string, work: (client: pg.Client) => Promise<Result>) =>
    inSession(
      lakegate,
      { user: ready.admin_user, password: await mintCredential(admin, ready.instance.name), database },
      work,
    )
  /** Over the Unix socket of the instance, as the owner: these programs have no TLS. */
  const environment = {
    PGHOST: path.join(lakegate.dataDirectory, 'instances', ready.instance.uid, 'socket'),
    PGPORT: '5432',
    PGUSER: ready.admin_user,
    LAKEGATE_DATA_DIR: lakegate.dataDirectory,
  }
  const shell = (script: string, more: Readonly<Record<string, string>> = {}) =>
    programs.run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      directory,
      environment: { ...environment, ...more },
    })
  const remake = (template: string) =>
    asOwnerOf('databricks_postgres', async (owner) => {
      await owner.query('DROP DATABASE IF EXISTS shop_copy')
      await owner.query(`CREATE DATABASE shop_copy TEMPLATE ${template}`)
    })
  const orders = async (database: string) =>
    asOwnerOf(
      database,
      async (owner) => (await owner.query<{ number: number }>('SELECT * FROM public.orders')).rows,
    )

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lakegate-dumps-'))
    principal = await createPrincipalWithRole(lakegate, 'dumps')
    await asOwnerOf('databricks_postgres', (owner) => owner.query('CREATE DATABASE shop'))
    await asOwnerOf('shop', async (owner) => {
      await owner.query('CREATE TABLE orders AS SELECT 7 AS number')
      await owner.query(`GRANT SELECT ON orders TO "${principal.applicationId}"`)
      await owner.query('CREATE VIEW listed AS SELECT * FROM databricks_list_roles')
    })
    const catalog = `dumps_${randomUUID().slice(0, 8)}`
    const table = `${catalog}.public.orders`
    await admin.request('POST', '/api/2.0/database/catalogs', {
      name: catalog,
      database_instance_name: ready.instance.name,
      database_name: 'shop',
    })
    await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${table}`, {
      changes: [{ principal: principal.applicationId, add: ['SELECT'] }],
    })
    const { token: password } = await principal.http.request<DatabaseCredential>(
      'POST',
      '/api/2.0/database/credentials',
      {
        request_id: randomUUID(),
        instance_names: [ready.instance.name],
        claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: table }] }],
      },
    )
    await inSession(lakegate, { user: principal.applicationId, password, database: 'shop' }, (session) =>
      session.query('SELECT * FROM orders'),
    )
  })
  afterAll(async () => {
    await asOwnerOf('databricks_postgres', async (owner) => {
      await owner.query('DROP DATABASE IF EXISTS shop_copy')
      await owner.query('DROP DATABASE IF EXISTS shop')
    })
    await rm(directory, { recursive: true, force: true })
  })

  describe('restored into another database of the instance', () => {
    beforeAll(() =>
      asOwnerOf('shop', (owner) =>
        owner.query('CREATE OR REPLACE VIEW who AS SELECT * FROM databricks_session_identity()'),
      ),
    )

    it('is there in one transaction, with views on what databricks_auth says', async () => {
      await asOwnerOf('databricks_postgres', (owner) => owner.query('DROP DATABASE IF EXISTS shop_copy'))
      await expect(shell(commands[0] ?? 'false')).resolves.toMatchObject({ status: 0, stderr: '' })
      await expect(orders('shop_copy')).resolves.toEqual([{ number: 7 }])
      const { rows } = await asOwnerOf('shop_copy', (owner) => owner.query('SELECT identity_name FROM who'))
      expect(rows).toEqual([{ identity_name: ready.admin_user }])
    })

    it.each([
      [
        'of template0',
        'template0',
        'pg_dump --format=custom shop | pg_restore --single-transaction --dbname=shop_copy',
      ],
      [
        'in the plain format',
        'template1',
        'pg_dump shop | psql --single-transaction --set=ON_ERROR_STOP=1 shop_copy',
      ],
      [
        'over what is there',
        'shop',
        'pg_dump --format=custom shop | pg_restore --clean --if-exists --single-transaction --dbname=shop_copy',
      ],
      [
        'with a comment of the owner’s on the extension',
        'template1',
        `psql -c "COMMENT ON EXTENSION databricks_auth IS 'binds roles'" shop
         pg_dump --format=custom shop | pg_restore --single-transaction --dbname=shop_copy
         psql -c "COMMENT ON EXTENSION databricks_auth IS NULL" shop`,
      ],
    ])('works %s', async (_how, template, script) => {
      await remake(template)
      await expect(shell(script)).resolves.toMatchObject({ status: 0 })
      await expect(orders('shop_copy')).resolves.toEqual([{ number: 7 }])
    })

    it('works for the schema alone', async () => {
      await remake('template1')
      await expect(
        shell('pg_dump --schema-only shop | psql --single-transaction --set=ON_ERROR_STOP=1 shop_copy'),
      ).resolves.toMatchObject({ status: 0 })
      await expect(orders('shop_copy')).resolves.toEqual([])
    })

    it('makes tables of other roles the restoring owner’s with --no-owner', async () => {
      await asOwnerOf('shop', async (owner) => {
        await owner.query(`GRANT CREATE ON SCHEMA public TO "${principal.applicationId}"`)
      })
      await inSession(
        lakegate,
        {
          user: principal.applicationId,
          password: await mintCredential(principal.http, ready.instance.name),
          database: 'shop',
        },
        (session) => session.query('CREATE TABLE public.of_another ()'),
      )
      await remake('template1')
      await expect(
        shell(`pg_dump --format=custom --file=shop.dump shop\n${commands[1] ?? 'false'}`),
      ).resolves.toMatchObject({ status: 0, stderr: '' })
      await expect(orders('shop_copy')).resolves.toEqual([{ number: 7 }])
    })

    it('leaves the owner free to drop and make the extension, in no version but the newest', async () => {
      await remake('template1')
      await asOwnerOf('shop_copy', async (owner) => {
        await owner.query('DROP EXTENSION databricks_auth')
        for (const version of ['1.0', '1.2', '1.4'])
          await expect(
            owner.query(`CREATE EXTENSION databricks_auth VERSION '${version}'`),
          ).rejects.toMatchObject({ code: '22023' })
        await owner.query('CREATE EXTENSION databricks_auth')
        await expect(owner.query('SELECT * FROM databricks_session_identity()')).resolves.toMatchObject({
          rowCount: 1,
        })
      })
    })
  })

  describe('restored into a PostgreSQL without Lakegate', () => {
    let plain: ForeignCluster
    beforeAll(async () => {
      plain = await startForeignCluster()
      await plain.writeRules('local all all trust')
    })
    afterAll(() => plain.stop())
    beforeEach(async () => {
      await plain.query('DROP DATABASE IF EXISTS shop')
      await plain.query('CREATE DATABASE shop')
    })
    const target = () =>
      `host=${path.dirname(plain.dataDirectory)} port=${String(plain.port)} user=operator dbname=shop`
    const found = () => plain.query('SELECT number FROM public.orders', [], 'shop')

    it('needs one flag, and keeps owners and privileges', async () => {
      await asOwnerOf('shop', (owner) => owner.query('DROP VIEW IF EXISTS who, listed'))
      await expect(shell(commands[2] ?? 'false', { TARGET: target() })).resolves.toMatchObject({
        status: 0,
        stderr: '',
      })
      await expect(found()).resolves.toEqual([{ number: 7 }])
      const rows = await plain.query(
        `SELECT tableowner, has_table_privilege($1, 'public.orders', 'SELECT') AS readable
           FROM pg_tables WHERE tablename = 'orders'`,
        [principal.applicationId],
        'shop',
      )
      expect(rows).toEqual([{ tableowner: ready.admin_user, readable: true }])
    })

    it('needs none where the server has the files of the extension', async () => {
      await asOwnerOf('shop', (owner) =>
        owner.query('CREATE OR REPLACE VIEW who AS SELECT * FROM databricks_session_identity()'),
      )
      const files = await mkdtemp(path.join(tmpdir(), 'lakegate-files-'))
      await chmod(files, 0o755)
      await expect(
        shell(commands[3] ?? 'false', { TARGET: target(), DIRECTORY: files }),
      ).resolves.toMatchObject({ status: 0 })
      await expect(found()).resolves.toEqual([{ number: 7 }])
      await expect(plain.query('SELECT identity_name FROM who', [], 'shop')).resolves.toEqual([
        { identity_name: null },
      ])
      await rm(files, { recursive: true })
    })
  })
})
