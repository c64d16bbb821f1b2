/** docs/clients/pgadmin.md: pgAdmin 4 itself, with both files of servers as they stand there, but for addresses and names. */
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { startPgadmin, type Pgadmin } from '../stage/pgadmin.ts'
import { installPgadmin } from '../stage/python-clients.ts'
import { startProxy, type RunningProxy } from '../stage/running-proxy.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [byCommand = '', byProxy = ''] = blocksRunBy(
  'docs/clients/pgadmin.md',
  'packages/server/test/every-client/pgadmin.test.ts',
).map(({ text }) => text)

const client = await installPgadmin()
afterAll(() => client.remove())
const { runtime, version, missing } = client

everyClient({ client: 'pgAdmin 4', version, runtime, missing }, () => {
  const { ready } = sharedLakegate()
  let reader: ExampleReader
  let proxy: RunningProxy
  let pgadmin: Pgadmin
  const serverNamed = (name: string) => {
    const found = pgadmin.servers.find((one) => one.name === name)
    if (found === undefined)
      throw new Error(`pgAdmin shows ${JSON.stringify(pgadmin.servers)}, and not ${name}`)
    return found
  }

  beforeAll(async () => {
    reader = await createExampleReader(sharedLakegate(), 'reads about pgAdmin')
    const { principal, directory } = reader
    proxy = await startProxy({ ready, principal, directory, words: ['proxy', 'dev'] })
    const named = (file: string) => file.replace('you@example.com', principal.applicationId)
    pgadmin = await startPgadmin(
      client.python,
      directory,
      {
        PATH: [path.join(directory, 'bin'), process.env['PATH']].join(':'),
        DATABRICKS_HOST: ready.http_url,
        DATABRICKS_CLIENT_ID: principal.applicationId,
        DATABRICKS_CLIENT_SECRET: principal.secret,
      },
      [
        named(byCommand)
          .replace('127.86.12.40', ready.instance.host)
          .replace('"Port": 5432', `"Port": ${String(ready.instance.port)}`)
          .replace('/var/lib/lakegate/ca.pem', ready.ca_file),
        named(byProxy).replace('6432', String(proxy.port)),
      ],
    )
  })
  afterAll(async () => {
    await pgadmin.stop()
    await proxy.stop()
    await reader.remove()
  })

  it('opens a server with the password that its command prints', proves('password command'), async () => {
    const dev = serverNamed('dev')
    expect(await pgadmin.connect(dev)).toMatchObject({ status: 200 })
    expect(await pgadmin.nodes(dev, 'database')).toContain('databricks_postgres')
    expect(await pgadmin.nodes(dev, 'role')).toContain(reader.principal.applicationId)
  })

  it('opens a server by lakegate proxy, without a password', proves('lakegate proxy'), async () => {
    const dev = serverNamed('dev by lakegate proxy')
    expect(await pgadmin.connect(dev, '')).toMatchObject({ status: 200 })
    expect(await pgadmin.nodes(dev, 'database')).toContain('databricks_postgres')
    expect(proxy.output()).toContain('pgAdmin 4')
  })
})
