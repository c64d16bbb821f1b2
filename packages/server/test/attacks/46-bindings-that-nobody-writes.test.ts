/**
 * Attack 46: what decides who logs in as whom must lie where no role of a cluster can write it, whatever predefined
 * roles it is a member of (DESIGN §4). Bindings of a cluster whose administrative role is no superuser are in the
 * system database; labels are in pg_shseclabel, which PostgreSQL keeps from everybody but superusers.
 */
import { randomUUID } from 'node:crypto'
import type { AuditAnswer, DatabaseInstanceRole } from '@lakegate/client'
import pg from 'pg'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attach,
  changeAttached,
  createAttachedRole,
  detach,
  inAttachedSession,
  loginOf,
  refusedAttachedLogin,
  showInstance,
  waitForProblem,
  waitUntilAvailable,
  type Attached,
} from '../stage/attach.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { openInsider, type Insider } from '../stage/insider.ts'
import {
  asOwner,
  createServicePrincipal,
  inSession,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
let insider: Insider
beforeAll(async () => {
  insider = await openInsider(lakegate)
})
afterAll(async () => insider.close())

/** PostgreSQL itself says of these that they are as good as a superuser (PostgreSQL: Predefined Roles). */
const AS_GOOD_AS_SUPERUSER = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']

const labelOf = ({ id }: TestServicePrincipal): string => `id=${id},type=SERVICE_PRINCIPAL`

/** What holds rows and is not PostgreSQL's own. */
const RELATIONS = `
  SELECT pg_catalog.format('%I.%I', namespace.nspname, class.relname) AS name
    FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
   WHERE class.relkind IN ('r', 'p', 'S', 'm', 'f')
     AND namespace.nspname !~ '^(pg_catalog|pg_toast|information_schema|pg_temp)'`

describe('an attached cluster whose administrative role is no superuser', () => {
  let cluster: ForeignCluster
  let attached: Attached
  let victim: TestServicePrincipal
  let attacker: TestServicePrincipal
  beforeAll(async () => {
    cluster = await startForeignCluster({ administrator: 'CREATEROLE' })
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    attached = await attach(lakegate, `bindings-${String(cluster.port)}`, [cluster])
    await waitUntilAvailable(attached)
    victim = await createServicePrincipal(lakegate, 'victim')
    attacker = await createServicePrincipal(lakegate, 'attacker')
    await createAttachedRole(attached, victim)
    await createAttachedRole(attached, attacker)
    await inAttachedSession(attached, attacker, (client) => client.query('SELECT 1'))
    await cluster.query(`DO $$ DECLARE predefined name; BEGIN
      FOR predefined IN SELECT rolname FROM pg_roles WHERE rolname ~ '^pg_'
        AND rolname <> ALL ('{pg_database_owner,${AS_GOOD_AS_SUPERUSER.join()}}') LOOP
        EXECUTE format('GRANT %I TO %I', predefined, '${attacker.applicationId}');
      END LOOP; END $$`)
  })
  afterAll(async () => {
    await detach(attached)
    await cluster.stop()
  })

  const oidOf = async (role: string) =>
    (
      await cluster.query<{ oid: string }>('SELECT oid::text AS oid FROM pg_roles WHERE rolname = $1', [role])
    )[0]?.oid ?? ''
  const uidOf = async () => (await showInstance(attached)).uid
  const keptBindings = async (uid: string) =>
    (
      await sql<{ role_name: string }>`
        SELECT role_name FROM role_binding WHERE instance_uid = ${uid}::uuid ORDER BY role_name`.execute(
        insider.database,
      )
    ).rows.map(({ role_name }) => role_name)
  const shownRole = (role: string) =>
    lakegate.admin.request<DatabaseInstanceRole>(
      'GET',
      `/api/2.0/database/instances/${attached.name}/roles/${role}`,
    )
  /** As every earlier version made it, by the administrative role; what is in it is up to whoever may write it. */
  const makeTable = async (rows: readonly (readonly [oid: string, role: string, label: string])[]) => {
    await cluster.query(
      `SET ROLE ${ADMINISTRATOR.user};
       CREATE SCHEMA databricks_auth;
       CREATE TABLE databricks_auth.role_binding (
         role_oid oid PRIMARY KEY, role_name name NOT NULL, label text NOT NULL, made_by_lakegate boolean NOT NULL)`,
      [],
      'app',
    )
    for (const row of rows)
      await cluster.query(
        'INSERT INTO databricks_auth.role_binding VALUES ($1, $2, $3, true)',
        [...row],
        'app',
      )
  }
  const dropTable = () => cluster.query('DROP SCHEMA IF EXISTS databricks_auth CASCADE', [], 'app')
  /** As after a start of Lakegate: the instance is brought to what is wanted of it. */
  const prepareAgain = async () => {
    await changeAttached(attached, { existing_passwords: 'refuse' })
    await waitUntilAvailable(attached)
  }

  it('gives a member of the predefined roles nothing to write that would make it somebody else', async () => {
    const forged = [await oidOf(victim.applicationId), victim.applicationId, labelOf(attacker)]
    const written = await inAttachedSession(attached, attacker, async (client) => {
      const found: string[] = []
      for (const { name } of (await client.query<{ name: string }>(RELATIONS)).rows) {
        // The layout that earlier versions had, and whatever else there may be.
        for (const [statement, values] of [
          [`DELETE FROM ${name}`, []],
          [`INSERT INTO ${name} VALUES ($1, $2, $3, true)`, forged],
        ] as const) {
          await client.query(statement, [...values]).then(
            () => found.push(statement),
            (error: unknown) => {
              if (!(error instanceof pg.DatabaseError)) throw error
            },
          )
        }
      }
      return found
    })
    expect(await refusedAttachedLogin(attached, attacker, victim.applicationId)).toMatchObject({
      code: '28000',
    })
    expect(written).toEqual([])
    await expect(
      inAttachedSession(attached, victim, (client) => client.query('SELECT 1')),
    ).resolves.toMatchObject({ rowCount: 1 })
  })

  it('keeps nothing of Lakegate’s in its database at all', async () => {
    await expect(cluster.query(RELATIONS, [], 'app')).resolves.toEqual([])
    await expect(
      cluster.query("SELECT FROM pg_namespace WHERE nspname = 'databricks_auth'", [], 'app'),
    ).resolves.toEqual([])
  })

  it('goes on when a member of pg_signal_backend ends the sessions of its administrative role', async () => {
    const login = await loginOf(attached, victim)
    await inAttachedSession(attached, attacker, async (client) => {
      const { rows } = await client.query<{ ended: boolean }>(
        'SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE usename = $1',
        [ADMINISTRATOR.user],
      )
      expect(rows).toContainEqual({ ended: true })
    })
    await expect(
      inSession(lakegate, login, (client) => client.query('SELECT session_user::text AS role')),
    ).resolves.toMatchObject({ rows: [{ role: victim.applicationId }] })
    expect(await refusedAttachedLogin(attached, attacker, victim.applicationId)).toMatchObject({
      code: '28000',
    })
  })

  it('lists its roles with whom they are bound to', async () => {
    const { database_instance_roles: roles } = await lakegate.admin.request<{
      database_instance_roles: readonly DatabaseInstanceRole[]
    }>('GET', `/api/2.0/database/instances/${attached.name}/roles?page_size=1000`)
    expect(roles).toContainEqual(
      expect.objectContaining({ name: victim.applicationId, identity_type: 'SERVICE_PRINCIPAL' }),
    )
  })

  it('is not believed when a table stands where earlier versions kept the bindings', async () => {
    await makeTable([[await oidOf(victim.applicationId), victim.applicationId, labelOf(attacker)]])
    try {
      await prepareAgain()
      expect(await refusedAttachedLogin(attached, attacker, victim.applicationId)).toMatchObject({
        code: '28000',
      })
      await expect(
        inAttachedSession(attached, victim, (client) => client.query('SELECT 1')),
      ).resolves.toMatchObject({ rowCount: 1 })
    } finally {
      await dropTable()
    }
  })

  it('forgets the binding of a role that is renamed, and gives it to nobody who takes the name', async () => {
    const renamed = await createServicePrincipal(lakegate, 'renamed')
    await createAttachedRole(attached, renamed)
    const [role, aside] = [renamed.applicationId, `aside_${randomUUID().slice(0, 8)}`]
    const login = await loginOf(attached, renamed)
    await cluster.query(`ALTER ROLE "${role}" RENAME TO ${aside}`)
    expect(await refusedLogin(lakegate, { ...login, user: aside })).toMatchObject({ code: '28000' })
    await cluster.query(`CREATE ROLE "${role}" LOGIN`)
    expect(await refusedLogin(lakegate, login)).toMatchObject({ code: '28000' })
    await expect(shownRole(role)).resolves.toMatchObject({ identity_type: 'PG_ONLY' })
    // And it can be bound, although somebody had been bound under its name.
    await createAttachedRole(attached, renamed, role)
    await expect(shownRole(role)).resolves.toMatchObject({ identity_type: 'SERVICE_PRINCIPAL' })
  })

  it('forgets the binding of a role that REST drops', async () => {
    const dropped = await createServicePrincipal(lakegate, 'dropped')
    await createAttachedRole(attached, dropped)
    expect(await keptBindings(await uidOf())).toContain(dropped.applicationId)
    await lakegate.admin.request(
      'DELETE',
      `/api/2.0/database/instances/${attached.name}/roles/${dropped.applicationId}`,
    )
    expect(await keptBindings(await uidOf())).not.toContain(dropped.applicationId)
  })

  it('lets one of many bind a role, and tells the others that it is bound', async () => {
    await cluster.query('CREATE ROLE wanted_by_many LOGIN')
    const results = await Promise.allSettled(
      [victim, attacker, victim, attacker].map((principal) =>
        createAttachedRole(attached, principal, 'wanted_by_many'),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  describe('which an earlier version attached', () => {
    let role: string
    let stranger: TestServicePrincipal
    let uid: string
    beforeAll(async () => {
      stranger = await createServicePrincipal(lakegate, 'of an earlier version')
      await createAttachedRole(attached, stranger)
      role = stranger.applicationId
      uid = await uidOf()
      const label = labelOf(stranger)
      // As the migration of the system database finds it.
      await sql`DELETE FROM role_binding WHERE instance_uid = ${uid}::uuid`.execute(insider.database)
      await sql`UPDATE database_instance SET attached_bindings = 'table' WHERE uid = ${uid}::uuid`.execute(
        insider.database,
      )
      await makeTable([
        [await oidOf(role), role, label],
        // Dropped and made again since; renamed since; no binding at all; one that no earlier version would have made.
        ['4294967000', victim.applicationId, label],
        [await oidOf(attacker.applicationId), 'another_name', label],
        [await oidOf('wanted_by_many'), 'wanted_by_many', 'id=me'],
        [await oidOf(ADMINISTRATOR.user), ADMINISTRATOR.user, label],
      ])
    })

    it('takes no logins until its bindings were taken over', async () => {
      const { read_write_dns: host, read_write_port: port } = await showInstance(attached)
      const password = await insider.sign(stranger.id, { claims: { instances: [uid] } })
      const refused = await refusedLogin(lakegate, {
        user: role,
        password,
        database: 'app',
        instance: { host, port: port ?? 0 },
      })
      expect(refused).toMatchObject({ code: '57P03' })
    })

    it('does not take them over from a table that belongs to somebody else', async () => {
      await cluster.query('ALTER TABLE databricks_auth.role_binding OWNER TO operator', [], 'app')
      await changeAttached(attached, { existing_passwords: 'refuse' })
      await waitForProblem(attached, 'databricks_auth')
      expect(await keptBindings(uid)).toEqual([])
      await cluster.query(
        `ALTER TABLE databricks_auth.role_binding OWNER TO ${ADMINISTRATOR.user}`,
        [],
        'app',
      )
    })

    it('has them taken over once, by itself: those of roles that are there and may be bound', async () => {
      await prepareAgain()
      await expect(showInstance(attached)).resolves.toMatchObject({
        attached: { role_bindings: 'system_database' },
      })
      expect(await keptBindings(uid)).toEqual([role])
      await expect(
        inAttachedSession(attached, stranger, (client) => client.query('SELECT session_user::text AS role')),
      ).resolves.toMatchObject({ rows: [{ role }] })
    })

    it('says in the audit which ones, for a forged row cannot be told from a real one', async () => {
      const records = await waitFor('the records', async () => {
        const answer = await lakegate.admin.request<AuditAnswer>(
          'GET',
          `/api/2.0/lakegate/audit?event=take_over_binding&instance_uid=${uid}&page_size=100`,
        )
        return answer.records.length > 0 && answer.records
      })
      const said = records.map(({ role: of, outcome, detail }) => ({ of, outcome, detail }))
      expect(said).toContainEqual({
        of: role,
        outcome: 'admitted',
        detail: labelOf(stranger),
      })
      for (const of of [victim.applicationId, 'another_name', 'wanted_by_many', ADMINISTRATOR.user])
        expect(said).toContainEqual(expect.objectContaining({ of, outcome: 'refused' }))
    })

    it('keeps nothing of them in its database, and is not asked for them again', async () => {
      await expect(cluster.query(RELATIONS, [], 'app')).resolves.toEqual([])
      await makeTable([
        [await oidOf(role), role, labelOf(attacker)],
        [await oidOf('wanted_by_many'), 'wanted_by_many', labelOf(attacker)],
      ])
      await prepareAgain()
      expect(await keptBindings(uid)).toEqual([role])
      await dropTable()
    })
  })
})

it('a deleted instance leaves no bindings behind in the system database', async () => {
  const cluster = await startForeignCluster({ administrator: 'CREATEROLE' })
  try {
    await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
    const attached = await attach(lakegate, `deleted-${String(cluster.port)}`, [cluster])
    const { uid } = await waitUntilAvailable(attached)
    const count = async () =>
      (
        await sql<{ count: string }>`
          SELECT count(*)::text AS count FROM role_binding WHERE instance_uid = ${uid}::uuid`.execute(
          insider.database,
        )
      ).rows[0]?.count
    expect(await count()).toBe('1')
    await detach(attached)
    await waitFor('the deletion', () =>
      showInstance(attached).then(
        () => false,
        () => true,
      ),
    )
    expect(await count()).toBe('0')
  } finally {
    await cluster.stop()
  }
})

describe('an instance of Lakegate’s own', () => {
  it.each([
    ['pg_shseclabel', 'DELETE FROM pg_catalog.pg_shseclabel'],
    ['pg_shseclabel', "UPDATE pg_catalog.pg_shseclabel SET label = 'id=1,type=USER'"],
    [
      'pg_shseclabel',
      "INSERT INTO pg_catalog.pg_shseclabel VALUES (1, 'pg_authid'::regclass, 'databricks_auth', 'id=1,type=USER')",
    ],
    ['pg_shseclabel', 'TRUNCATE pg_catalog.pg_shseclabel'],
    ['pg_authid', 'UPDATE pg_catalog.pg_authid SET rolsuper = true'],
    ['pg_auth_members', 'DELETE FROM pg_catalog.pg_auth_members'],
    ['pg_db_role_setting', 'DELETE FROM pg_catalog.pg_db_role_setting'],
  ])('keeps %s from its owner, who may write all data: %s', async (_catalog, statement) => {
    await asOwner(lakegate, async (owner) => {
      const { rows } = await owner.query<{ may: boolean }>(
        "SELECT pg_has_role('pg_write_all_data', 'USAGE') AS may",
      )
      expect(rows).toEqual([{ may: true }])
      await expect(owner.query(statement)).rejects.toMatchObject({ code: '42501' })
    })
  })

  it('has no table of ours that somebody could write', async () => {
    await asOwner(lakegate, async (owner) => {
      await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
      const { rows } = await owner.query<{ name: string }>(
        `${RELATIONS} AND class.relowner IN (SELECT oid FROM pg_roles WHERE rolsuper)`,
      )
      expect(rows).toEqual([])
    })
  })
})
