/** docs/clients/psycopg.md, its part about psycopg 3: the examples as they stand there, and a pool through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { expectRotation, LIFETIME_SECONDS, underLoad, withShortLives } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [pool = '', use = '', asyncPool = '', connectionClass = ''] = blocksRunBy(
  'docs/clients/psycopg.md',
  'packages/server/test/every-client/psycopg.test.ts',
).map(({ text }) => text)

const clients = await installPythonClients()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients
const lakegate = sharedLakegate()

everyClient({ client: 'psycopg', version: clients.versionOf('psycopg'), runtime, missing }, () => {
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about psycopg')
  })
  afterAll(() => reader.remove())

  it.each([
    ['a pool', pool + use],
    ['an asynchronous pool', asyncPool],
    ['a class of connections', connectionClass],
  ])('logs in with %s, as the page shows', proves('login'), async (_with, program) => {
    expect((await reader.runPython(python, program)).stdout.trim()).toBe(
      `('${reader.principal.applicationId}',)`,
    )
  })

  it(
    'is served at the pooled endpoint, prepared statements included',
    proves('pooled endpoint'),
    async () => {
      const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
      const { stdout } = await reader.runPython(
        python,
        `${pool}
with pool.connection() as connection:
    for number in range(20):
        assert connection.execute("SELECT %s::int", (number,), prepare=True).fetchone() == (number,)
    print(connection.execute("SELECT session_user").fetchone())
pool.close()`,
        { HOST, PORT: String(pooled_port) },
      )
      expect(stdout.trim()).toBe(`('${reader.principal.applicationId}',)`)
    },
  )
})

everyClient({ client: 'psycopg-pool', version: clients.versionOf('psycopg-pool'), runtime, missing }, () => {
  const query = `
from load import load

def query():
    with pool.connection() as connection:
        return connection.execute("SELECT pg_backend_pid()").fetchone()[0]

load(SECONDS, query)
pool.close()`

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    expectRotation(await underLoad(lakegate, python, withShortLives(pool) + query))
  })

  it(
    'would fail with a password that is kept, so that the test above shows something',
    proves('rotation'),
    async () => {
      const kept = `import psycopg, time
${pool.replace('kwargs=settings_of_a_new_connection,', 'kwargs=settings_of_a_new_connection(),')}
pool.wait()
time.sleep(${String(LIFETIME_SECONDS + 1)})
try:
    psycopg.connect(**pool.kwargs)
except psycopg.OperationalError as error:
    print('{"queries": 0, "sessions": 0, "failures": ["%s"]}' % ("expired" if "expired" in str(error) else error))
pool.close()`
      expect((await underLoad(lakegate, python, kept)).failures).toEqual(['expired'])
    },
  )

  it('fails no query of an asynchronous pool either', proves('rotation'), async () => {
    const program = asyncPool
      .replace(
        /async with pool\.connection\(\)[\s\S]*?fetchone\(\)\)\n/,
        'await load_async(SECONDS, lambda: query(pool))\n',
      )
      .replace(
        'async def main():',
        `from load import load_async

async def query(pool):
    async with pool.connection() as connection:
        return (await (await connection.execute("SELECT pg_backend_pid()")).fetchone())[0]

async def main():`,
      )
    expectRotation(await underLoad(lakegate, python, withShortLives(program)))
  })
})
