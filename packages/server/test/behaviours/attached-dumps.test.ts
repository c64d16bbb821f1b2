/** Attaching a cluster changes nothing that its operator and the owners of its databases could do before. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  createAttachedRole,
  detach,
  inAttachedSession,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { installPostgresPrograms, type ProgramRun } from '../stage/postgres-programs.ts'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const programs = await installPostgresPrograms()
afterAll(() => programs.remove())

let principal: TestServicePrincipal
beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'dumps of attached clusters')
})

/** In each dump another one (pg_dump, --restrict-key). */
const withoutKey = (dump: string) => dump.replaceAll(/^\\(un)?restrict .*$/gm, '')

describe.skipIf(programs.missing !== undefined).each(['SUPERUSER', 'CREATEROLE'])(
  'a database of somebody else, in a cluster attached with %s',
  (administrator) => {
    let cluster: ForeignCluster
    let attached: Attached
    let before: readonly ProgramRun[]

    const connection = (user: string, database = 'app') =>
      `host=${path.dirname(cluster.dataDirectory)} port=${String(cluster.port)} user=${user} dbname=${database}`
    const dumpOfOwner = () => programs.run('pg_dump', ['--dbname', connection('app_owner')])
    const dumpOfCluster = () =>
      programs.run('pg_dumpall', ['--no-role-passwords', '--dbname', connection('operator', 'postgres')])
    /** All of it taken back at the end. */
    const attempt = (database: string, ...statements: readonly string[]) =>
      cluster
        .query(['BEGIN', ...statements, 'ROLLBACK'].join(';'), [], database)
        .then(() => 'done')
        .catch((error: unknown) => String(error))

    const farewell = async () => [
      await attempt('app', `REASSIGN OWNED BY ${ADMINISTRATOR.user} TO app_owner`),
      await attempt('app', `DROP OWNED BY ${ADMINISTRATOR.user}`, `DROP ROLE ${ADMINISTRATOR.user}`),
      await attempt('app', 'REASSIGN OWNED BY app_owner TO operator', 'DROP OWNED BY app_owner'),
      await attempt('app', 'DROP OWNED BY app_owner CASCADE'),
      await attempt('app', 'DROP SCHEMA public CASCADE', 'SELECT kept.answer()'),
    ]
    let farewellBefore: readonly string[]

    beforeAll(async () => {
      cluster = await startForeignCluster({ administrator })
      await cluster.writeRules('local all all trust', 'hostssl all all 127.0.0.1/32 scram-sha-256')
      await cluster.query('CREATE ROLE app_owner LOGIN CREATEDB')
      await cluster.query('ALTER DATABASE app OWNER TO app_owner')
      // As every role could before PostgreSQL 15.
      await cluster.query('GRANT CREATE ON SCHEMA public TO PUBLIC', [], 'app')
      await cluster.query(
        'SET ROLE app_owner; CREATE TABLE data AS SELECT 7 AS number; CREATE VIEW seen AS SELECT * FROM data',
        [],
        'app',
      )
      await cluster.query(
        `SET ROLE app_owner; CREATE SCHEMA kept;
         CREATE FUNCTION kept.answer() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 7; END'`,
        [],
        'app',
      )
      before = [await dumpOfOwner(), await dumpOfCluster()]
      farewellBefore = await farewell()
      attached = await attach(lakegate, `dumps-${String(cluster.port)}`, [cluster])
      await waitUntilAvailable(attached)
      await createAttachedRole(attached, principal)
      await inAttachedSession(attached, principal, (client) => client.query('SELECT 1'))
    })
    afterAll(async () => {
      await detach(attached).finally(() => cluster.stop())
    })

    it('is dumped by its owner word for word as before', async () => {
      const [dump] = before
      expect(dump).toMatchObject({ status: 0, stderr: '' })
      const after = await dumpOfOwner()
      expect(after).toMatchObject({ status: 0, stderr: '' })
      expect(withoutKey(after.stdout)).toBe(withoutKey(dump?.stdout ?? ''))
    })

    it('is restored by its owner into another database of the cluster', async () => {
      const { stdout: input } = await dumpOfOwner()
      await cluster.query('CREATE DATABASE copy OWNER app_owner')
      await cluster.query('GRANT CREATE ON SCHEMA public TO PUBLIC', [], 'copy')
      await expect(
        programs.run(
          'psql',
          [
            '--quiet',
            '--single-transaction',
            '--set=ON_ERROR_STOP=1',
            '--dbname',
            connection('app_owner', 'copy'),
          ],
          { input },
        ),
      ).resolves.toMatchObject({ status: 0 })
      await expect(cluster.query('SELECT number FROM seen', [], 'copy')).resolves.toEqual([{ number: 7 }])
    })

    it('comes along with pg_dumpall, with every line that was there before', async () => {
      const [, dump] = before
      expect(dump).toMatchObject({ status: 0, stderr: '' })
      const after = await dumpOfCluster()
      expect(after).toMatchObject({ status: 0, stderr: '' })
      const lines = new Set(after.stdout.split('\n'))
      const gone = withoutKey(dump?.stdout ?? '')
        .split('\n')
        .filter((line) => !lines.has(line))
      expect(gone).toEqual([])
    })

    it('lets the operator give away and drop what roles own, and the administrative role itself', async () => {
      expect(farewellBefore).toContain('done')
      await expect(farewell()).resolves.toEqual(farewellBefore)
    })
  },
)
