/**
 * Attack 50: whoever makes roles gives one a name that Lakegate looks for, or waits until such a name is free. What
 * Lakegate made is known by what only a superuser can write; a role of the same name is a stranger's, and gets nothing.
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstance } from '@lakegate/client'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  attach,
  createAttachedRole,
  showInstance,
  waitForProblem,
  waitUntilAvailable,
} from '../stage/attach.ts'
import { FOREIGN_MAJOR_VERSION, startForeignCluster } from '../stage/foreign-cluster.ts'
import { asSuperuser } from '../stage/inside-instance.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import {
  asOwner,
  createPrincipalWithRole,
  createServicePrincipal,
  inSession,
  requestWorkspaceToken,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

describe('the roles that REST makes', () => {
  let dataDirectory: string
  let lakegate: RunningLakegate
  let creator: string
  let creatorId: string
  /** Has CREATEROLE, and nothing else. */
  let attacker: TestServicePrincipal
  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
    lakegate = await startLakegate({ dataDirectory })
    creator = lakegate.ready.admin_user
    const [label] = await sql<{ id: string }>(
      `SELECT substring(label FROM 'id=([0-9]+)') AS id FROM pg_shseclabel
        WHERE provider = 'databricks_auth' AND objoid = $1::regrole`,
      [quoted(creator)],
    )
    if (label === undefined) throw new Error('the creator has no role')
    creatorId = label.id
    attacker = await createPrincipalWithRole(lakegate, 'makes roles')
    await asOwner(lakegate, (owner) => owner.query(`ALTER ROLE ${quoted(attacker.applicationId)} CREATEROLE`))
  })
  afterAll(async () => {
    await lakegate.stop()
    await removeDataDirectory(dataDirectory)
  })

  const sql = <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    asSuperuser<Row>(lakegate, text, values, 'databricks_postgres')
  const rolesPath = () => `/api/2.0/database/instances/${lakegate.ready.instance.name}/roles`

  async function makeThroughRest(): Promise<string> {
    const name = `made_${randomUUID().slice(0, 8)}`
    await lakegate.admin.request('POST', rolesPath(), { name, identity_type: 'PG_ONLY' })
    return name
  }

  const administratorsOf = async (role: string) =>
    (
      await sql<{ member: string }>(
        `SELECT member::regrole::text AS member FROM pg_auth_members
          WHERE roleid = $1::regrole AND admin_option ORDER BY 1`,
        [quoted(role)],
      )
    ).map(({ member }) => member)

  /** Through the gateway, which may listen elsewhere after a restart. */
  const asAttacker = async <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
    const { applicationId, secret } = attacker
    const password = await requestWorkspaceToken(lakegate.ready.http_url, applicationId, secret, 'all-apis')
    return inSession(lakegate, { user: applicationId, password }, work)
  }

  async function restart(): Promise<DatabaseInstance> {
    await lakegate.stop()
    lakegate = await startLakegate({ dataDirectory })
    return waitFor('the instance', async () => {
      const instance = await lakegate.admin.request<DatabaseInstance>(
        'GET',
        `/api/2.0/database/instances/${lakegate.ready.instance.name}`,
      )
      return lakegate.output().includes('database instance reconciled') && instance
    })
  }

  it('are administered by the creator, whatever the creator’s role is called now', async () => {
    expect(await administratorsOf(await makeThroughRest())).toEqual([quoted(creator)])
    await sql(`ALTER ROLE ${quoted(creator)} RENAME TO renamed`)
    try {
      expect(await administratorsOf(await makeThroughRest())).toEqual(['renamed'])
    } finally {
      await sql(`ALTER ROLE renamed RENAME TO ${quoted(creator)}`)
    }
  })

  it('are not given to another role that bears the name while the creator’s has another', async () => {
    await sql(`ALTER ROLE ${quoted(creator)} RENAME TO renamed`)
    try {
      await asAttacker((client) => client.query(`CREATE ROLE ${quoted(creator)} CREATEROLE LOGIN`))
      expect(await administratorsOf(await makeThroughRest())).toEqual(['renamed'])
      await asAttacker((client) => client.query(`DROP ROLE ${quoted(creator)}`))
    } finally {
      await sql(`ALTER ROLE renamed RENAME TO ${quoted(creator)}`)
    }
  })

  it('are not given to a role that somebody bound to the creator', async () => {
    await sql(`ALTER ROLE ${quoted(creator)} RENAME TO renamed`)
    try {
      await asAttacker(async (client) => {
        await client.query(`CREATE ROLE ${quoted(creator)} CREATEROLE LOGIN`)
        await client.query('SELECT databricks_set_role_label($1, $2)', [creator, `id=${creatorId},type=USER`])
      })
      expect(await administratorsOf(await makeThroughRest())).toEqual(['renamed'])
    } finally {
      await asAttacker((client) => client.query(`DROP ROLE ${quoted(creator)}`))
      await sql(`ALTER ROLE renamed RENAME TO ${quoted(creator)}`)
    }
  })

  describe('after the creator’s role was dropped', () => {
    /** Its marks go with it, and come back by hand. */
    beforeEach(async () => {
      for (const database of ['databricks_postgres', 'postgres'])
        await asSuperuser(
          lakegate,
          `REASSIGN OWNED BY ${quoted(creator)} TO cloud_admin; DROP OWNED BY ${quoted(creator)}`,
          [],
          database,
        )
      await sql(`DROP ROLE ${quoted(creator)}`)
      onTestFinished(async () => {
        await sql(`DROP ROLE IF EXISTS ${quoted(creator)}`)
        await lakegate.admin.request('POST', rolesPath(), {
          name: creator,
          identity_type: 'USER',
          membership_role: 'DATABRICKS_SUPERUSER',
          attributes: { createdb: true, createrole: true, bypassrls: true },
        })
        await sql(`ALTER DATABASE databricks_postgres OWNER TO ${quoted(creator)}`)
      })
    })

    it('are given to nobody who took its name, and bound it to the creator', async () => {
      await asAttacker(async (client) => {
        await client.query(`CREATE ROLE ${quoted(creator)} CREATEROLE LOGIN`)
        await client.query('SELECT databricks_set_role_label($1, $2)', [creator, `id=${creatorId},type=USER`])
      })
      expect(await administratorsOf(await makeThroughRest())).toEqual([])
      await restart()
      expect(await administratorsOf(await makeThroughRest())).toEqual([])
    })

    it('are given to the role that REST made for the creator again', async () => {
      await lakegate.admin.request('POST', rolesPath(), { name: creator, identity_type: 'USER' })
      expect(await administratorsOf(await makeThroughRest())).toEqual([quoted(creator)])
    })

    it('and databricks_postgres with it, are not given to a stranger at the next start, which says so', async () => {
      await asAttacker((client) => client.query(`CREATE ROLE ${quoted(creator)} CREATEROLE LOGIN`))
      await asSuperuser(lakegate, 'DROP DATABASE databricks_postgres')
      expect((await restart()).status_message).toContain('has no role')
      const [found] = await sql(
        `SELECT datdba::regrole::text AS owner,
                pg_has_role(role.oid, 'databricks_superuser', 'MEMBER') AS is_superuser,
                (SELECT label FROM pg_shseclabel WHERE objoid = role.oid AND provider = 'databricks_auth') AS label
           FROM pg_database, pg_roles AS role WHERE datname = 'databricks_postgres' AND role.rolname = $1`,
        [creator],
      )
      expect(found).toEqual({ owner: 'databricks_superuser', is_superuser: false, label: null })
    })
  })

  it('of the system cannot be dropped, renamed, given or taken by anybody with CREATEROLE', async () => {
    const system = await sql<{ name: string }>(
      "SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^databricks_' AND rolname !~ '^databricks_claims_'",
    )
    expect(system.length).toBeGreaterThanOrEqual(6)
    const allowed: string[] = []
    const me = quoted(creator)
    await asOwner(lakegate, async (owner) => {
      for (const { name } of system) {
        for (const statement of [
          `DROP ROLE ${name}`,
          `ALTER ROLE ${name} RENAME TO other`,
          `ALTER ROLE ${name} LOGIN PASSWORD 'x'`,
          `ALTER ROLE ${name} SET search_path = x`,
          `GRANT ${name} TO ${quoted(attacker.applicationId)}`,
          `GRANT ${name} TO ${me} WITH ADMIN OPTION`,
          `COMMENT ON ROLE ${name} IS 'mine'`,
          `SELECT databricks_set_role_label('${name}', 'id=${creatorId},type=USER')`,
          `DROP OWNED BY ${name}`,
          `REASSIGN OWNED BY ${name} TO ${me}`,
        ]) {
          await owner.query('BEGIN')
          const isAllowed = await owner.query(statement).then(
            () => true,
            () => false,
          )
          await owner.query('ROLLBACK')
          if (isAllowed) allowed.push(statement)
        }
      }
    })
    // A member of a role may drop and give away what is the role's: the role itself stays what it is.
    expect(allowed).toEqual([
      'DROP OWNED BY databricks_superuser',
      `REASSIGN OWNED BY databricks_superuser TO ${me}`,
    ])
  })

  it('of a database are not taken from a stranger who made them first: the instance says so', async () => {
    const [database] = await sql<{ oid: string }>(
      "SELECT oid::text AS oid FROM pg_database WHERE datname = 'databricks_postgres'",
    )
    const name = `databricks_writer_${String(database?.oid)}`
    await sql(`DROP ROLE ${name}`)
    await asAttacker((client) => client.query(`CREATE ROLE ${name} LOGIN`))
    const instance = await restart()
    expect(instance.state).toBe('AVAILABLE')
    expect(instance.status_message).toContain(`${name} of`)
    await asAttacker((client) => client.query(`DROP ROLE ${name}`))
    expect(await restart()).not.toHaveProperty('status_message')
  })

  it('know their creator also on an instance that an earlier version made, which marked nothing', async () => {
    await sql("DELETE FROM pg_shseclabel WHERE provider = 'lakegate'")
    await asAttacker(async (client) => {
      await client.query('CREATE ROLE bound_by_somebody CREATEROLE LOGIN')
      await client.query('SELECT databricks_set_role_label($1, $2)', [
        'bound_by_somebody',
        `id=${creatorId},type=USER`,
      ])
    })
    await restart()
    expect(await administratorsOf(await makeThroughRest())).toEqual([quoted(creator)])
    await asAttacker((client) => client.query('DROP ROLE bound_by_somebody'))
  })
})

describe('databricks_superuser of an attached cluster', () => {
  const lakegate = sharedLakegate()

  it.runIf(FOREIGN_MAJOR_VERSION >= 16)(
    'is not taken from a stranger who made it first: the instance says so, and goes on when it is put right',
    async () => {
      const cluster = await startForeignCluster()
      onTestFinished(() => cluster.stop())
      await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
      await cluster.query('CREATE ROLE mallory CREATEROLE')
      await cluster.query('SET ROLE mallory; CREATE ROLE databricks_superuser')
      const attached = await attach(lakegate, `taken-${String(cluster.port)}`, [cluster])
      await waitForProblem(attached, 'databricks_superuser of')
      await cluster.query('ALTER ROLE databricks_superuser RENAME TO mallorys')
      await waitUntilAvailable(attached)
      await waitFor(
        'the end of the problem',
        async () => (await showInstance(attached)).status_message === undefined,
      )
      // Later on a stranger's role under the name is given to nobody, and is in nobody's way.
      await cluster.query('DROP ROLE databricks_superuser')
      await cluster.query('ALTER ROLE mallorys RENAME TO databricks_superuser')
      const principal = await createServicePrincipal(lakegate, 'wants to be a superuser')
      await expect(
        lakegate.admin.request('POST', `/api/2.0/database/instances/${attached.name}/roles`, {
          name: principal.applicationId,
          identity_type: 'SERVICE_PRINCIPAL',
          membership_role: 'DATABRICKS_SUPERUSER',
        }),
      ).rejects.toThrow(/is not the one that Lakegate made/)
      await createAttachedRole(attached, principal)
      await lakegate.admin.request(
        'DELETE',
        `/api/2.0/database/instances/${attached.name}?purge=true&remove_objects=true`,
      )
      await waitFor('the deletion', () =>
        showInstance(attached).then(
          () => false,
          () => true,
        ),
      )
      const [left] = await cluster.query<{ there: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'databricks_superuser') AS there",
      )
      expect(left).toEqual({ there: true })
    },
  )

  it.runIf(FOREIGN_MAJOR_VERSION >= 16)(
    'is removed with what a stranger left under the name of a reader: nobody gets what that one owns',
    async () => {
      const cluster = await startForeignCluster()
      onTestFinished(() => cluster.stop())
      await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
      const attached = await attach(lakegate, `readers-${String(cluster.port)}`, [cluster])
      await waitUntilAvailable(attached)
      await cluster.query('CREATE ROLE victim; CREATE ROLE helper CREATEROLE')
      const [victim] = await cluster.query<{ oid: string }>("SELECT 'victim'::regrole::oid::text AS oid")
      const reader = `databricks_claims_${String(victim?.oid)}_0123456789abcdef`
      // Made by a helper who is dropped afterwards, so that nobody is a member of it.
      await cluster.query(`SET ROLE helper; CREATE ROLE ${reader}`)
      await cluster.query(
        `CREATE SCHEMA trap AUTHORIZATION ${reader};
         SET ROLE ${reader};
         CREATE FUNCTION trap.run() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'`,
        [],
        'app',
      )
      await cluster.query(`REVOKE ${reader} FROM helper; DROP ROLE helper`)
      await lakegate.admin.request(
        'DELETE',
        `/api/2.0/database/instances/${attached.name}?purge=true&remove_objects=true`,
      )
      await waitFor('the deletion', () =>
        showInstance(attached).then(
          () => false,
          () => true,
        ),
      )
      await expect(cluster.query('SELECT trap.run() AS who', [], 'app')).resolves.toEqual([{ who: reader }])
    },
  )
})
