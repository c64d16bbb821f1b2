/** docs/clients/asyncpg.md: the example as it stands there, at both endpoints, and its pool through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { expectRotation, LIFETIME_SECONDS, underLoad } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [pool = '', use = ''] = blocksRunBy(
  'docs/clients/asyncpg.md',
  'packages/server/test/every-client/asyncpg.test.ts',
).map(({ text }) => text)

const clients = await installPythonClients()
afterAll(() => clients.remove())
const { python, runtime, missing } = clients

everyClient({ client: 'asyncpg', version: clients.versionOf('asyncpg'), runtime, missing }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about asyncpg')
  })
  afterAll(() => reader.remove())

  it('logs in as the page shows', proves('login'), async () => {
    expect((await reader.runPython(python, pool + use)).stdout.trim()).toBe(reader.principal.applicationId)
  })

  it(
    'is served at the pooled endpoint, where it prepares every statement too',
    proves('pooled endpoint'),
    async () => {
      const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
      const repeated = use.replace(
        'print(',
        'assert await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(50))) == list(range(50))\n        print(',
      )
      const { stdout } = await reader.runPython(python, pool + repeated, { HOST, PORT: String(pooled_port) })
      expect(stdout.trim()).toBe(reader.principal.applicationId)
    },
  )

  const main = (body: string) => `
from load import load_async

async def main():
    async with create_pool() as pool:
${body}

asyncio.run(main())`

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    const query = main('        await load_async(SECONDS, lambda: pool.fetchval("SELECT pg_backend_pid()"))')
    expectRotation(await underLoad(lakegate, python, pool.replace('50_000', '100') + query))
  })

  it('fails no query when all connections are renewed from time to time', proves('rotation'), async () => {
    const query = main(`
        async def renew():
            while True:
                await asyncio.sleep(${String(LIFETIME_SECONDS / 2)})
                await pool.expire_connections()

        renewing = asyncio.create_task(renew())
        await load_async(SECONDS, lambda: pool.fetchval("SELECT pg_backend_pid()"))
        renewing.cancel()`)
    expectRotation(await underLoad(lakegate, python, pool + query))
  })
})
