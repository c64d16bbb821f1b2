/** Which extensions owners of databases create in local instances, and what those give away (docs/extensions.md). */
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_EXTENSIONS } from '../../src/policy/extensions.ts'
import { makeDataDirectory, removeDataDirectory, spawnLakegate } from '../stage/lakegate.ts'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import { installPgvectorPostgres, type PgvectorPostgres } from '../stage/pgvector-postgres.ts'
import { asOwner, createPrincipalWithRole, inSession, mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const DATABASE = `extensions_${String(process.pid)}`
const ALLOWED = new Set(DEFAULT_EXTENSIONS.map(({ name }) => name))
const ALWAYS = ['databricks_auth', 'plpgsql']

const inDatabase = async <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> =>
  inSession(
    lakegate,
    {
      user: lakegate.ready.admin_user,
      password: await mintCredential(lakegate.admin, lakegate.ready.instance.name),
      database: DATABASE,
    },
    work,
  )

/** SQLSTATE, or that it worked. */
const outcomeOf = async (client: pg.Client, statement: string): Promise<string> => {
  try {
    await client.query(statement)
    return 'done'
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? 'no code'
    throw error
  }
}

const available = async (client: pg.Client): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM pg_catalog.pg_available_extensions ORDER BY name',
  )
  return rows.map(({ name }) => name)
}

beforeAll(async () => {
  await asOwner(lakegate, (client) => client.query(`CREATE DATABASE ${DATABASE}`))
})
afterAll(async () => {
  await asOwner(lakegate, (client) => client.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`))
})

describe('the owner of a database', () => {
  it('creates every extension of the list that the binaries have', async () => {
    await inDatabase(async (client) => {
      const names = (await available(client)).filter((name) => ALLOWED.has(name))
      const outcomes = []
      for (const name of names)
        outcomes.push([name, await outcomeOf(client, `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`)])
      expect(outcomes).toEqual(names.map((name) => [name, 'done']))
      expect(names).toEqual(
        DEFAULT_EXTENSIONS.filter(({ inPackage }) => inPackage)
          .map(({ name }) => name)
          .toSorted(),
      )
    })
  })

  it('creates no other: none that reads files, opens connections or runs programs', async () => {
    await inDatabase(async (client) => {
      const names = (await available(client)).filter((name) => !ALLOWED.has(name) && !ALWAYS.includes(name))
      expect(names).toEqual(
        expect.arrayContaining(['dblink', 'file_fdw', 'postgres_fdw', 'plperl', 'plpython3u']),
      )
      const outcomes = []
      for (const name of names)
        outcomes.push([name, await outcomeOf(client, `CREATE EXTENSION "${name}" CASCADE`)])
      expect(outcomes).toEqual(names.map((name) => [name, '42501']))
    })
  })

  it('sees each extension once', async () => {
    const names = await inDatabase(available)
    expect(names).toEqual([...new Set(names)])
  })

  it('owns what it creates, and can comment on it, bring it up to date and drop it', async () => {
    await asOwner(lakegate, async (client) => {
      await client.query('BEGIN; CREATE EXTENSION bloom')
      await client.query("COMMENT ON EXTENSION bloom IS 'mine'")
      await client.query('ALTER EXTENSION bloom UPDATE')
      await client.query('DROP EXTENSION bloom; ROLLBACK')
    })
  })

  it('gets no function that runs with the rights of the superuser', async () => {
    const definers = await inDatabase(async (client) => {
      const { rows } = await client.query(
        `SELECT extension.extname, procedure.proname
           FROM pg_catalog.pg_depend AS member
           JOIN pg_catalog.pg_extension AS extension ON extension.oid = member.refobjid AND member.deptype = 'e'
           JOIN pg_catalog.pg_proc AS procedure
             ON procedure.oid = member.objid AND member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
          WHERE procedure.prosecdef AND extension.extname <> 'databricks_auth'`,
      )
      return rows as unknown[]
    })
    expect(definers).toEqual([])
  })
})

it('is only for those who may create in the database', async () => {
  const principal = await createPrincipalWithRole(lakegate, 'wants extensions')
  const login = async () => ({
    user: principal.applicationId,
    password: await principal.workspaceToken(),
  })
  const attempt = async () =>
    inSession(lakegate, await login(), (client) => outcomeOf(client, 'BEGIN; CREATE EXTENSION seg; ROLLBACK'))
  expect(await attempt()).toBe('42501')
  const { name } = lakegate.ready.instance
  await lakegate.admin.request(
    'PATCH',
    `/api/2.0/database/instances/${name}/roles/${principal.applicationId}`,
    { membership_role: 'DATABRICKS_SUPERUSER' },
  )
  expect(await attempt()).toBe('done')
})

describe('xml2', () => {
  const STYLE = (select: string) =>
    `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><found>${select}</found></xsl:template></xsl:stylesheet>`

  it('reads no file, through an entity or a style sheet', async () => {
    await inDatabase(async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS xml2')
      const entity = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'
      const ask = async (query: string, values: readonly string[]) => {
        try {
          return JSON.stringify((await client.query(query, [...values])).rows)
        } catch (error) {
          return String(error)
        }
      }
      expect(await ask("SELECT xpath_string($1, '/a')", [entity])).not.toContain('root:')
      const style = STYLE('<xsl:copy-of select="document(\'file:///etc/passwd\')"/>')
      expect(await ask('SELECT xslt_process($1, $2)', ['<a/>', style])).not.toContain('root:')
      const works = STYLE('<xsl:value-of select="/a"/>')
      expect(await ask('SELECT xslt_process($1, $2)', ['<a>works</a>', works])).toContain('works')
    })
  })
})

it('pg_prewarm starts no process for an owner', async () => {
  await inDatabase(async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_prewarm')
    expect(await outcomeOf(client, 'SELECT autoprewarm_start_worker()')).toBe('42501')
    expect(await outcomeOf(client, 'SELECT autoprewarm_dump_now()')).toBe('42501')
    expect(await outcomeOf(client, "SELECT pg_prewarm('pg_class')")).toBe('done')
  })
})

describe('pg_stat_statements', () => {
  const seenBy = async (user: string, password: string, pattern: string) =>
    inSession(lakegate, { user, password, database: DATABASE }, async (client) => {
      const { rows } = await client.query<{ query: string }>(
        'SELECT query FROM pg_stat_statements WHERE query LIKE $1',
        [pattern],
      )
      return rows.map(({ query }) => query)
    })

  it('is loaded, and shows the statements of others to those only who may read statistics', async () => {
    const principal = await createPrincipalWithRole(lakegate, 'reads statistics')
    await inDatabase(async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
      await client.query('SELECT 1 AS of_the_owner_only')
    })
    const owner = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const pattern = 'SELECT $1 AS of_the_owner%'
    expect(await seenBy(lakegate.ready.admin_user, owner, pattern)).toHaveLength(1)
    expect(await seenBy(principal.applicationId, await principal.workspaceToken(), pattern)).toEqual([])
  })

  it('keeps no password of a command', async () => {
    await inDatabase(async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
      await client.query(
        `CREATE ROLE with_a_password_${String(process.pid)} PASSWORD 'correct horse battery'`,
      )
      await client.query(`DROP ROLE with_a_password_${String(process.pid)}`)
    })
    const owner = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    expect(await seenBy(lakegate.ready.admin_user, owner, '%correct horse%')).toEqual([])
  })

  it('begins anew for a member of databricks_superuser, and for nobody else', async () => {
    const principal = await createPrincipalWithRole(lakegate, 'resets statistics')
    const reset =
      'SELECT pg_stat_statements_reset(0::oid, (SELECT oid FROM pg_database WHERE datname = current_database()))'
    await inDatabase(async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
      expect(await outcomeOf(client, reset)).toBe('done')
    })
    const password = await principal.workspaceToken()
    const login = { user: principal.applicationId, password, database: DATABASE }
    expect(await inSession(lakegate, login, (client) => outcomeOf(client, reset))).toBe('42501')
  })
})

describe('the operator', () => {
  it('decides with the list, also about what PostgreSQL trusts and about what is dangerous', async () => {
    const own = await startOwnLakegate({
      LAKEGATE_EXTENSIONS: 'hstore,tsm_*',
      LAKEGATE_DANGEROUS_EXTENSIONS: 'dblink',
    })
    try {
      await asOwner(own, async (client) => {
        const names = ['hstore', 'tsm_system_rows', 'dblink', 'pg_trgm', 'postgres_fdw']
        const outcomes = []
        for (const name of names) outcomes.push(await outcomeOf(client, `CREATE EXTENSION ${name}`))
        expect(outcomes).toEqual(['done', 'done', 'done', '42501', '42501'])
      })
    } finally {
      await own.remove()
    }
  })

  it.each([
    ['a dangerous one', 'default,dblink', 'dblink opens connections'],
    ['an untrusted language', 'default,plperlu', 'plperlu brings an untrusted language'],
    ['what is no name', 'default,../x', 'is not the name of an extension'],
  ])('is told at the start when the list has %s', async (_what, list, problem) => {
    const dataDirectory = await makeDataDirectory()
    try {
      const { child, output } = spawnLakegate(['up'], {
        LAKEGATE_DATA_DIR: dataDirectory,
        LAKEGATE_HTTP_PORT: '0',
        LAKEGATE_GATEWAY_PORT: '0',
        LAKEGATE_EXTENSIONS: list,
      })
      const [status] = (await once(child, 'exit')) as [number | null]
      expect(status).toBe(1)
      expect(output()).toContain(problem)
      expect(output()).toContain('LAKEGATE_EXTENSIONS')
    } finally {
      await removeDataDirectory(dataDirectory)
    }
  })
})

describe('binaries with pgvector', () => {
  let binaries: PgvectorPostgres
  beforeAll(async () => {
    binaries = await installPgvectorPostgres()
  })
  afterAll(() => binaries.remove())

  it('give an owner vectors, and the index that finds the nearest', async ({ skip }) => {
    if (binaries.missing !== undefined) skip(binaries.missing)
    const own = await startOwnLakegate({ LAKEGATE_POSTGRES_BINARIES: binaries.directory })
    try {
      await asOwner(own, async (client) => {
        await client.query('CREATE EXTENSION vector')
        await client.query('CREATE TABLE item (name text, place vector(2))')
        await client.query("INSERT INTO item VALUES ('far', '[9,9]'), ('near', '[1,1]')")
        await client.query('CREATE INDEX ON item USING hnsw (place vector_l2_ops)')
        const { rows } = await client.query("SELECT name FROM item ORDER BY place <-> '[0,0]' LIMIT 1")
        expect(rows).toEqual([{ name: 'near' }])
        expect(await outcomeOf(client, 'CREATE EXTENSION dblink')).toBe('42501')
      })
    } finally {
      await own.remove()
    }
  })
})

it('says of vector what PostgreSQL says of an extension that its binaries do not have', async () => {
  const outcome = await asOwner(lakegate, (client) => outcomeOf(client, 'CREATE EXTENSION vector'))
  expect(outcome).toBe('0A000')
})
