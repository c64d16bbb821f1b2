/** docs/clients/sqlalchemy.md: the examples as they stand there, over each driver, and an engine through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { expectRotation, underLoad, withShortLives } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [engine = '', use = '', asyncEngine = ''] = blocksRunBy(
  'docs/clients/sqlalchemy.md',
  'packages/server/test/every-client/sqlalchemy.test.ts',
).map(({ text }) => text)

const clients = await installPythonClients()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients

everyClient({ client: 'SQLAlchemy', version: clients.versionOf('SQLAlchemy'), runtime, missing }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about SQLAlchemy')
  })
  afterAll(() => reader.remove())

  it.each([
    ['psycopg', engine + use],
    ['psycopg2', (engine + use).replace('postgresql+psycopg://', 'postgresql+psycopg2://')],
    ['asyncpg', asyncEngine],
    ['psycopg, asynchronously', asyncEngine.replace('"postgresql+asyncpg://"', '"postgresql+psycopg://"')],
  ])('logs in over %s, as the page shows', proves('login'), async (_driver, program) => {
    expect((await reader.runPython(python, program)).stdout.trim()).toBe(
      `('${reader.principal.applicationId}',)`,
    )
  })

  it('logs in with a whole URL, as the page says', proves('login'), async () => {
    const url = `"postgresql+psycopg://%s@%s:%s/databricks_postgres?sslmode=verify-full&sslrootcert=%s" % tuple(os.environ.pop(name) for name in ("PGUSER", "PGHOST", "PGPORT", "PGSSLROOTCERT"))`
    const program = `import os\n${engine.replace('"postgresql+psycopg://"', url)}${use}`
    expect((await reader.runPython(python, program)).stdout.trim()).toBe(
      `('${reader.principal.applicationId}',)`,
    )
  })

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    const query = `
from load import load

def query():
    with engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()

load(SECONDS, query)
engine.dispose()`
    expectRotation(await underLoad(lakegate, python, withShortLives(engine) + query))
  })
})
