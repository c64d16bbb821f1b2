/** Attaching a cluster changes nothing that its operator and the owners of its databases could do before. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  attach,
  createAttachedRole,
  detach,
  inAttachedSession,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import {
  ADMINISTRATOR,
  FOREIGN_MAJOR_VERSION,
  startForeignCluster,
  type ForeignCluster,
} from '../stage/foreign-cluster.ts'
import { blocksRunBy } from '../stage/document.ts'
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

/** The blocks of the document, in its order. */
const commands = blocksRunBy(
  'docs/attached-instances.md',
  'packages/server/test/behaviours/attached-dumps.test.ts',
).map(({ text }) => text)

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

    it('is put right where an earlier version attached it', async () => {
      await cluster.query(
        administrator === 'SUPERUSER'
          ? `DO $$ DECLARE member record; BEGIN
               FOR member IN
                 SELECT object.type, object.identity FROM pg_depend,
                        LATERAL pg_identify_object(classid, objid, 0) AS object
                  WHERE deptype = 'e' AND classid <> 'pg_type'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lakegate') LOOP
                 EXECUTE format('ALTER EXTENSION lakegate DROP %s %s', member.type, member.identity);
                 EXECUTE format('ALTER %s %s OWNER TO ${ADMINISTRATOR.user}', member.type, member.identity);
               END LOOP;
               DROP EXTENSION lakegate;
               COMMENT ON SCHEMA databricks_auth IS 'lakegate 1.4';
             END $$`
          : `SET ROLE ${ADMINISTRATOR.user};
             CREATE FUNCTION public.databricks_create_role(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
             COMMENT ON FUNCTION public.databricks_create_role(text, text) IS 'lakegate: says what to use instead'`,
        [],
        'app',
      )
      expect(withoutKey((await dumpOfOwner()).stdout)).not.toBe(withoutKey(before[0]?.stdout ?? ''))
      const again = await attach(lakegate, `dumps-again-${String(cluster.port)}`, [cluster])
      await waitUntilAvailable(again)
      expect(withoutKey((await dumpOfOwner()).stdout)).toBe(withoutKey(before[0]?.stdout ?? ''))
      await detach(again)
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

describe('a database whose owner drops the schema public', () => {
  it('is put right when the schema is there again, and is available until then', async () => {
    const cluster = await startForeignCluster()
    onTestFinished(() => cluster.stop())
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    const attachAs = async (name: string) => {
      const attached = await attach(lakegate, `${name}-${String(cluster.port)}`, [cluster])
      onTestFinished(() => detach(attached))
      await waitUntilAvailable(attached)
    }
    const isThere = async () =>
      (
        await cluster.query<{ there: boolean }>(
          "SELECT to_regprocedure('public.databricks_session_identity()') IS NOT NULL AS there",
          [],
          'app',
        )
      )[0]?.there
    await attachAs('public-there')
    await expect(isThere()).resolves.toBe(FOREIGN_MAJOR_VERSION >= 16)
    await cluster.query('DROP SCHEMA public CASCADE', [], 'app')
    await attachAs('public-gone')
    await expect(isThere()).resolves.toBe(false)
    await cluster.query('CREATE SCHEMA public', [], 'app')
    await attachAs('public-again')
    await expect(isThere()).resolves.toBe(FOREIGN_MAJOR_VERSION >= 16)
  })
})

// pg_upgrade of 18, from 18: the programs are of this version.
describe.skipIf(programs.missing !== undefined || FOREIGN_MAJOR_VERSION !== 18)(
  'a cluster that was attached with SUPERUSER',
  () => {
    it('goes through pg_upgrade when its labels are set aside, as docs/attached-instances.md says', async () => {
      const cluster = await startForeignCluster()
      onTestFinished(() => cluster.stop())
      await cluster.writeRules('local all all trust', 'hostssl all all 127.0.0.1/32 scram-sha-256')
      const attached = await attach(lakegate, `upgrade-${String(cluster.port)}`, [cluster])
      await waitUntilAvailable(attached)
      await createAttachedRole(attached, principal)
      await detach(attached)

      const home = path.dirname(cluster.dataDirectory)
      const upgraded = path.join(home, 'upgraded')
      const [setAside, putBack] = commands
      const inBash = (script: string | undefined, more: Readonly<Record<string, string>> = {}) =>
        programs.run('bash', ['--norc', '-euo', 'pipefail', '-c', script ?? 'false'], {
          directory: home,
          asPostgres: true,
          environment: { HOME: home, ...more },
        })
      const CLUSTER = `host=${home} port=${String(cluster.port)} user=operator dbname=app`
      const labels = () => cluster.query('SELECT * FROM pg_shseclabel ORDER BY objoid')
      const before = await labels()
      expect(before).not.toEqual([])
      await expect(inBash(setAside, { CLUSTER })).resolves.toMatchObject({ status: 0 })
      const end = `pg_ctl --pgdata='${cluster.dataDirectory}' --mode=fast --wait stop`
      await expect(inBash(end)).resolves.toMatchObject({ status: 0 })

      // With TLS in it, which these programs were built without.
      await cluster.writeFile('test.conf', '')
      const upgrade = `initdb --pgdata='${upgraded}' --username=operator --no-sync --encoding=UTF8 --locale=C
      pg_upgrade --old-bindir='${programs.directory}' --new-bindir='${programs.directory}' --username=operator \\
        --old-datadir='${cluster.dataDirectory}' --new-datadir='${upgraded}' --socketdir='${home}' --no-sync ||
        { tail -n 40 '${upgraded}'/pg_upgrade_output.d/*/log/*_dump_*.log; exit 1; }
      pg_ctl --pgdata='${upgraded}' --options="-k '${home}' -p ${String(cluster.port)} -c listen_addresses=" \\
        --log='${home}/log' --wait start`
      const { status, stdout, stderr } = await inBash(upgrade)
      expect(status, `${stdout}${stderr}`).toBe(0)
      try {
        await expect(inBash(putBack, { CLUSTER })).resolves.toMatchObject({ status: 0 })
        await expect(labels()).resolves.toEqual(before)
      } finally {
        await inBash(end.replace(cluster.dataDirectory, upgraded))
      }
    })
  },
)
