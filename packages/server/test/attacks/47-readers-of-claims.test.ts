/** Attack 47: whoever makes roles, or owns a database, waits for somebody who logs in with claims. */
import { createHash, randomUUID } from 'node:crypto'
import type { DatabaseCredential } from '@lakegate/client'
import type pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  asOwner,
  createPrincipalWithRole,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate

let victim: TestServicePrincipal
let attacker: TestServicePrincipal
beforeAll(async () => {
  victim = await createPrincipalWithRole(lakegate, 'logs in with claims')
  attacker = await createPrincipalWithRole(lakegate, 'makes roles')
  await asOwner(lakegate, (owner) =>
    owner.query(`ALTER ROLE "${attacker.applicationId}" CREATEROLE CREATEDB`),
  )
})

const asAttacker = async <Result>(
  work: (client: pg.Client) => Promise<Result>,
  database?: string,
): Promise<Result> =>
  inSession(
    lakegate,
    {
      user: attacker.applicationId,
      password: await mintCredential(attacker.http, ready.instance.name),
      ...(database === undefined ? {} : { database }),
    },
    work,
  )

/** A catalog over the database, with one table that the victim may claim. */
async function registerTable(database: string): Promise<string> {
  const catalog = `claims_${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/catalogs', {
    name: catalog,
    database_instance_name: ready.instance.name,
    database_name: database,
  })
  const table = `${catalog}.shop.orders`
  await admin.request('PATCH', `/api/2.1/unity-catalog/permissions/table/${table}`, {
    changes: [{ principal: victim.applicationId, add: ['SELECT'] }],
  })
  return table
}

async function loginWithClaims(table: string, database: string) {
  const { token } = await victim.http.request<DatabaseCredential>('POST', '/api/2.0/database/credentials', {
    request_id: randomUUID(),
    claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: table }] }],
  })
  return { user: victim.applicationId, password: token, database }
}

const readOrders = async (client: pg.Client) =>
  (await client.query<{ name: string; who: string }>('SELECT name, current_user AS who FROM shop.orders'))
    .rows[0]

async function makeDatabase(): Promise<string> {
  const name = `of_the_attacker_${randomUUID().slice(0, 8)}`
  await asAttacker((client) => client.query(`CREATE DATABASE "${name}"`))
  await asAttacker(async (client) => {
    await client.query('CREATE SCHEMA shop')
    await client.query(`CREATE TABLE shop.orders AS SELECT 'order' AS name`)
  }, name)
  return name
}

describe('a role with CREATEROLE (attack 47)', () => {
  it('does not get the role of whoever claims by making the reader first', async () => {
    const database = await makeDatabase()
    const table = await registerTable(database)
    const { victimOid, relation } = await asAttacker(async (client) => {
      const { rows } = await client.query<{ victimOid: string; relation: string }>(
        `SELECT $1::regrole::oid::text AS "victimOid", 'shop.orders'::regclass::oid::text AS relation`,
        [`"${victim.applicationId}"`],
      )
      if (rows[0] === undefined) throw new Error('the catalog has both')
      return rows[0]
    }, database)
    // As version 1.2 of databricks_auth named it.
    const hash = createHash('sha256').update(`${database}{${relation}}`).digest('hex').slice(0, 16)
    const predicted = `databricks_claims_${victimOid}_${hash}`
    await asAttacker((client) => client.query(`CREATE ROLE "${predicted}" ROLE "${attacker.applicationId}"`))

    const read = await inSession(lakegate, await loginWithClaims(table, database), readOrders)
    expect(read?.name).toBe('order')
    expect(read?.who).not.toBe(predicted)
    await asAttacker(async (client) => {
      const { rows } = await client.query(`SELECT pg_has_role(current_user, $1, 'MEMBER') AS taken`, [
        victim.applicationId,
      ])
      expect(rows).toEqual([{ taken: false }])
    })
  })

  it('gives a session with claims nothing by granting a role to its reader', async () => {
    const database = await makeDatabase()
    const table = await registerTable(database)
    const first = await inSession(lakegate, await loginWithClaims(table, database), readOrders)
    const planted = `planted ${randomUUID().slice(0, 8)}`
    await asAttacker(async (client) => {
      await client.query(`CREATE ROLE "${planted}"`)
      await client.query(`GRANT "${planted}" TO "${first?.who ?? ''}"`)
    })
    const { rows } = await inSession(lakegate, await loginWithClaims(table, database), (client) =>
      client.query(`SELECT current_user AS who, pg_has_role(current_user, $1, 'MEMBER') AS more`, [planted]),
    )
    expect(rows).toEqual([{ who: first?.who, more: false }])
  })

  it('cannot administer, rename, drop or join a reader', async () => {
    const database = await makeDatabase()
    const read = await inSession(
      lakegate,
      await loginWithClaims(await registerTable(database), database),
      readOrders,
    )
    const reader = `"${read?.who ?? ''}"`
    for (const statement of [
      `GRANT ${reader} TO CURRENT_USER`,
      `ALTER ROLE ${reader} RENAME TO mine`,
      `ALTER ROLE ${reader} LOGIN`,
      `ALTER ROLE ${reader} SET search_path = mine`,
      `DROP ROLE ${reader}`,
      `SET ROLE ${reader}`,
    ])
      await expect(
        asAttacker((client) => client.query(statement)),
        statement,
      ).rejects.toMatchObject({
        code: '42501',
      })
  })
})

describe('the owner of a database (attack 47)', () => {
  it.each(['public', 'databricks_auth'])(
    'runs nothing as whoever opens claims there by functions of our names in a schema %s of theirs',
    async (schema) => {
      const database = await makeDatabase()
      const table = await registerTable(database)
      await asAttacker(async (client) => {
        // The extension goes with the schema that its functions are in; both names are free then.
        await client.query('DROP SCHEMA public CASCADE')
        await client.query(`CREATE SCHEMA ${schema}`)
        await client.query('CREATE SEQUENCE shop.caught')
        await client.query(`GRANT ALL ON SCHEMA shop, ${schema} TO PUBLIC`)
        await client.query('GRANT ALL ON SEQUENCE shop.caught TO PUBLIC')
        for (const [name, parameter] of [
          ['databricks_open_claims', 'text'],
          ['databricks_lend_claims', 'text'],
          ['lend_claims', 'text'],
          ['return_claims', 'name'],
        ] as const)
          await client.query(
            `CREATE FUNCTION ${schema}.${name}(${parameter}) RETURNS name LANGUAGE sql AS
               $$ SELECT ('databricks_claims_' || nextval('shop.caught'))::name $$`,
          )
      }, database)
      await refusedLogin(lakegate, await loginWithClaims(table, database))
      // A sequence keeps what a transaction that failed took from it.
      const { rows } = await asAttacker(
        (client) => client.query('SELECT is_called FROM shop.caught'),
        database,
      )
      expect(rows).toEqual([{ is_called: false }])
    },
  )

  it('cannot put or replace anything where the gateway looks for its function', async () => {
    const database = await makeDatabase()
    for (const statement of [
      'CREATE FUNCTION pg_catalog.databricks_open_claims(text, int) RETURNS name LANGUAGE sql AS $$ SELECT current_user $$',
      'CREATE OR REPLACE FUNCTION pg_catalog.databricks_open_claims(secret text) RETURNS name LANGUAGE sql AS $$ SELECT current_user $$',
      'ALTER FUNCTION pg_catalog.databricks_open_claims(text) RENAME TO gone',
      'DROP FUNCTION pg_catalog.databricks_open_claims(text)',
    ])
      await expect(
        asAttacker((client) => client.query(statement), database),
        statement,
      ).rejects.toMatchObject({ code: '42501' })
  })

  it('refuses the login when the functions are gone', async () => {
    const database = await makeDatabase()
    const table = await registerTable(database)
    // The extension goes with the schema that its functions are in.
    await asAttacker((client) => client.query('DROP SCHEMA public CASCADE'), database)
    expect(await refusedLogin(lakegate, await loginWithClaims(table, database))).toMatchObject({
      code: '28000',
      detail: expect.stringContaining('databricks_open_claims') as string,
    })
  })
})

describe('a member of databricks_superuser (attack 47)', () => {
  it('keeps nobody from logging in, with claims or without, by a lock on what is ours', async () => {
    const table = await registerTable('databricks_postgres')
    await asOwner(lakegate, async (owner) => {
      await owner.query('CREATE SCHEMA IF NOT EXISTS shop')
      await owner.query(`CREATE TABLE IF NOT EXISTS shop.orders AS SELECT 'order' AS name`)
      await owner.query('BEGIN')
      // Of views too, whose lock goes on to what they are made of.
      const { rows } = await owner.query<{ name: string }>(
        `SELECT objid::regclass::text AS name
           FROM pg_depend JOIN pg_class ON pg_class.oid = objid JOIN pg_extension ON pg_extension.oid = refobjid
          WHERE classid = 'pg_class'::regclass AND deptype = 'e'
            AND extname = 'databricks_auth' AND relkind IN ('r', 'v', 'p')`,
      )
      expect(rows).not.toEqual([])
      for (const { name } of rows) await owner.query(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`)
      // What decides is in catalogs that only a superuser can lock against others.
      await owner.query('SAVEPOINT before')
      for (const catalog of ['pg_shseclabel', 'pg_auth_members', 'pg_authid', 'pg_shdescription']) {
        await expect(
          owner.query(`LOCK TABLE pg_catalog.${catalog} IN SHARE UPDATE EXCLUSIVE MODE`),
        ).rejects.toMatchObject({ code: '42501' })
        await owner.query('ROLLBACK TO SAVEPOINT before')
      }
      const login = await loginWithClaims(table, 'databricks_postgres')
      expect((await inSession(lakegate, login, readOrders))?.name).toBe('order')
      await owner.query('ROLLBACK')
    })
  })
})
