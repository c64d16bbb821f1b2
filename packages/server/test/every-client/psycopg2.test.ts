/** docs/clients/psycopg.md, its part about psycopg 2: the example as it stands there, and its pool through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { expectRotation, underLoad } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [pool = '', use = ''] = blocksRunBy(
  'docs/clients/psycopg.md',
  'packages/server/test/every-client/psycopg2.test.ts',
).map(({ text }) => text)

const clients = await installPythonClients()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients

everyClient({ client: 'psycopg2', version: clients.versionOf('psycopg2'), runtime, missing }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about psycopg 2')
  })
  afterAll(() => reader.remove())

  it('logs in as the page shows', proves('login'), async () => {
    const { stdout } = await reader.runPython(python, pool + use)
    expect(stdout.trim()).toBe(`('${reader.principal.applicationId}',)`)
  })

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    // The pool renews no connection by itself; every fiftieth is closed when it is given back.
    const query = `
import itertools
from load import load

uses = itertools.count(1)

def query():
    connection = pool.getconn()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    pool.putconn(connection, close=next(uses) % 50 == 0)
    return session

load(SECONDS, query)
pool.closeall()`
    expectRotation(await underLoad(lakegate, python, pool + query))
  })
})
