/** behaviour 30 and DESIGN §4: an instance that an earlier version made gets the functions of this one, by itself. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asSystem, installEarlierExtension } from '../stage/earlier-extension.ts'
import { inSession, mintCredential } from '../stage/service-principal.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'

/** In the control file up to version 1.4. */
const COMMENT = 'binds PostgreSQL roles to the identities of a Lakegate account'

let dataDirectory: string
let lakegate: RunningLakegate
beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  lakegate = await startLakegate({ dataDirectory })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})

const asOwnerOf = async <Result>(database: string, work: (client: pg.Client) => Promise<Result>) =>
  inSession(
    lakegate,
    {
      user: lakegate.ready.admin_user,
      password: await mintCredential(lakegate.admin, lakegate.ready.instance.name),
      database,
    },
    work,
  )

async function restart(): Promise<void> {
  await lakegate.stop()
  lakegate = await startLakegate({ dataDirectory })
}

/** With version 1.5 of databricks_auth, and what people built on `databricks_session_identity()` in it. */
async function buildOnVersion15(): Promise<void> {
  await asOwnerOf('databricks_postgres', (owner) =>
    owner.query('CREATE DATABASE built_on TEMPLATE template0'),
  )
  await installEarlierExtension(lakegate, 'built_on', '1.5')
  await asOwnerOf('built_on', async (owner) => {
    await owner.query('CREATE VIEW who AS SELECT * FROM databricks_session_identity()')
    await owner.query('CREATE VIEW id AS SELECT (databricks_session_identity()).identity_id AS id')
    await owner.query('CREATE TABLE note (owner bigint, text text)')
    await owner.query(
      `INSERT INTO note SELECT identity_id, 'own' FROM databricks_session_identity() UNION SELECT 7, 'other'`,
    )
    await owner.query('ALTER TABLE note ENABLE ROW LEVEL SECURITY')
    await owner.query('CREATE ROLE note_reader ROLE CURRENT_USER')
    await owner.query('GRANT SELECT ON note TO note_reader')
    await owner.query(
      'CREATE POLICY own ON note USING (owner = (SELECT identity_id FROM databricks_session_identity()))',
    )
    // A stranger's, which the owner of the extension may even add to it.
    await owner.query('CREATE SCHEMA mine')
    await owner.query(
      `CREATE FUNCTION mine.databricks_session_identity() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    )
    await owner.query('ALTER EXTENSION databricks_auth ADD FUNCTION mine.databricks_session_identity()')
  })
}

describe('a database with version 1.2 of databricks_auth, whose functions took the caller from the session', () => {
  beforeAll(async () => {
    await asOwnerOf('databricks_postgres', (owner) =>
      owner.query('CREATE DATABASE earlier TEMPLATE template0'),
    )
    await installEarlierExtension(lakegate, 'earlier', '1.2')
    await asOwnerOf('earlier', async (owner) => {
      // What somebody builds on a function that goes away must not keep it alive.
      await owner.query(`CREATE VIEW kept AS SELECT public.databricks_lend_claims('guess')`)
    })
    // As version 1.4 left it where a database was born with it, or where its owner had made it.
    await asOwnerOf('databricks_postgres', (owner) =>
      owner.query('CREATE DATABASE with_comment TEMPLATE template0'),
    )
    await installEarlierExtension(lakegate, 'with_comment', '1.4')
    await asSystem(lakegate, 'with_comment', async (system) => {
      await system.query(`COMMENT ON EXTENSION databricks_auth IS '${COMMENT}'`)
    })
    await asOwnerOf('databricks_postgres', (owner) => owner.query('CREATE ROLE creator'))
    await asSystem(lakegate, 'earlier', async (system) => {
      await system.query(
        `UPDATE pg_extension SET extowner = 'creator'::regrole WHERE extname = 'databricks_auth'`,
      )
      await system.query(`
        INSERT INTO pg_shdepend
        SELECT database.oid, 'pg_extension'::regclass, extension.oid, 0, 'pg_authid'::regclass, 'creator'::regrole, 'o'
          FROM pg_database AS database, pg_extension AS extension
         WHERE datname = current_database() AND extname = 'databricks_auth'`)
    })
    await buildOnVersion15()
    await restart()
  })

  it('belongs to the owner of the database, and to nobody who once made it', async () => {
    const { rows } = await asOwnerOf('earlier', (owner) =>
      owner.query(
        `SELECT extowner::regrole::text AS owner FROM pg_extension WHERE extname = 'databricks_auth'`,
      ),
    )
    expect(rows).toEqual([{ owner: 'pg_database_owner' }])
    await asOwnerOf('databricks_postgres', (owner) => owner.query('DROP ROLE creator'))
  })

  it('has no comment any more, which a dump would hold; and takes the one of an earlier dump', async () => {
    const { rows } = await asOwnerOf('with_comment', (owner) =>
      owner.query(
        `SELECT obj_description(oid, 'pg_extension') AS comment FROM pg_extension WHERE extname = 'databricks_auth'`,
      ),
    )
    expect(rows).toEqual([{ comment: null }])
    await asOwnerOf('with_comment', async (owner) => {
      await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth WITH SCHEMA public')
      await owner.query(`COMMENT ON EXTENSION databricks_auth IS '${COMMENT}'`)
    })
  })

  it('has the functions that judge by whose rights are in force', async () => {
    const { rows } = await asOwnerOf('earlier', (owner) =>
      owner.query(
        `SELECT (SELECT extversion FROM pg_extension WHERE extname = 'databricks_auth') =
                  (SELECT default_version FROM pg_available_extensions WHERE name = 'databricks_auth') AS current,
                (SELECT bool_or(prosecdef) FROM pg_proc
                  WHERE oid IN ('public.databricks_create_role(text,text)'::regprocedure,
                                'public.databricks_set_role_label(text,text)'::regprocedure)) AS as_the_system,
                to_regprocedure('databricks_auth.calling_role()') AS caller,
                to_regprocedure('public.databricks_open_claims(text)') AS claims`,
      ),
    )
    expect(rows).toEqual([{ current: true, as_the_system: false, caller: null, claims: null }])
  })

  it('keeps what its owner made there', async () => {
    const { rows } = await asOwnerOf('earlier', async (owner) => {
      await owner.query('CREATE TABLE mine (x int)')
      return owner
        .query(`SELECT public.databricks_create_role('nobody', 'USER')`)
        .catch((error: unknown) => ({
          rows: [(error as pg.DatabaseError).code],
        }))
    })
    // The identity is not known; the function got so far as to ask.
    expect(rows).toEqual(['22023'])
  })
})

describe('what was built on databricks_session_identity() of version 1.5, which knew nothing of the client', () => {
  const rowsOf = async (statement: string): Promise<unknown[]> =>
    (await asOwnerOf('built_on', (owner) => owner.query<Record<string, unknown>>(statement))).rows

  it('goes on beside the function that tells from where as well', async () => {
    const { ready } = lakegate
    expect(
      await rowsOf(
        'SELECT identity_name, host(client_address) AS address FROM databricks_session_identity()',
      ),
    ).toEqual([{ identity_name: ready.admin_user, address: expect.stringMatching(/^127\./) as string }])
    const [who] = await rowsOf('SELECT * FROM who')
    expect(who).toMatchObject({ identity_name: ready.admin_user })
    expect(Object.keys(who ?? {})).toEqual([
      'identity_id',
      'identity_type',
      'identity_name',
      'membership_path',
    ])
    expect(await rowsOf('SELECT id = (SELECT identity_id FROM who) AS same FROM id')).toEqual([
      { same: true },
    ])
  })

  it('still shows each identity its own rows', async () => {
    const { rows } = await asOwnerOf('built_on', async (owner) => {
      await owner.query('SET ROLE note_reader')
      return owner.query('SELECT text FROM note')
    })
    expect(rows).toEqual([{ text: 'own' }])
  })

  it('is written into a dump as it can be restored', async () => {
    const rows = await rowsOf(`SELECT pg_get_viewdef('who') AS definition`)
    const { definition } = rows[0] as { readonly definition: string }
    await asOwnerOf('built_on', (owner) => owner.query(`CREATE VIEW who_again AS ${definition}`))
    expect(await rowsOf('SELECT * FROM who_again')).toEqual(await rowsOf('SELECT * FROM who'))
  })

  it('has in it a stranger’s function of that name, which stays what it was', async () => {
    expect(await rowsOf('SELECT mine.databricks_session_identity() AS answer')).toEqual([{ answer: 1 }])
  })
})
