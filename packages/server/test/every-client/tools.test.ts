/**
 * docs/clients, tools with windows: `lakegate proxy` as the overview starts it, and behind it the drivers of the tools with the settings of
 * their pages. The tools themselves are not here, but for pgAdmin (pgadmin.test.ts).
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { buildGoClient } from '../stage/go-client.ts'
import { installPgjdbc } from '../stage/java-client.ts'
import { startProxy, type RunningProxy } from '../stage/running-proxy.ts'
import { asOwner } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/every-client/tools.test.ts'
const first = (document: string) => blocksRunBy(document, THIS)[0]?.text ?? ''
const [proxyAlone = '', proxyWithPassword = ''] = blocksRunBy('docs/clients/README.md', THIS).map(
  ({ text }) => text,
)
const dbeaver = JSON.parse(first('docs/clients/dbeaver.md')) as {
  connections: Record<
    string,
    { configuration: { url: string; host: string; port: string; database: string } }
  >
}
const dataGripUrl = first('docs/clients/datagrip.md').trim()
const { details: metabase } = JSON.parse(first('docs/clients/metabase.md')) as {
  details: { host: string; port: number; dbname: string; password: string; ssl: boolean }
}
const { datasources } = parse(first('docs/clients/grafana.md')) as {
  datasources: {
    url: string
    secureJsonData: { password: string }
    jsonData: { database: string; sslmode: string }
  }[]
}

const JAVA_TOOL = fileURLToPath(new URL('tools/PgjdbcTool.java', import.meta.url))
const pgjdbc = await installPgjdbc()
const pgx = await buildGoClient(fileURLToPath(new URL('tools', import.meta.url)))
const { ready } = sharedLakegate()
let reader: ExampleReader
let proxy: RunningProxy
let withPassword: RunningProxy
let password: string

beforeAll(async () => {
  reader = await createExampleReader(sharedLakegate(), 'reads about tools')
  const { principal, directory } = reader
  await asOwner(sharedLakegate(), (owner) =>
    owner.query(`CREATE SCHEMA tools; CREATE TABLE tools.orders (number int, ordered timestamptz);
      GRANT USAGE ON SCHEMA tools TO "${principal.applicationId}"; GRANT SELECT ON tools.orders TO "${principal.applicationId}"`),
  )
  const start = (command: string) =>
    startProxy({ ready, principal, directory, words: command.trim().split(' ').slice(1) })
  proxy = await start(proxyAlone)
  const [makePassword = '', startWithPassword = ''] = proxyWithPassword.trim().split('\n')
  await reader.run(makePassword)
  password = (await readFile(path.join(directory, 'proxy-password'), 'utf8')).trim()
  withPassword = await start(startWithPassword)
})
afterAll(async () => {
  await proxy.stop()
  await withPassword.stop()
  await asOwner(sharedLakegate(), (owner) => owner.query('DROP SCHEMA tools CASCADE'))
  await reader.remove()
  await pgjdbc.remove()
  await pgx.remove()
})

/** The port of the page is that of a proxy which was started as the page says; here it is any. */
const atPort = (address: string, { port }: RunningProxy) => {
  expect(address).toContain('127.0.0.1:6432')
  return address.replace('6432', String(port))
}

const seenBy = (application: string) => [
  reader.principal.applicationId,
  application,
  'table orders',
  'column number int4',
  'column ordered timestamptz',
  '1000 rows',
  '57014',
]

const { version, runtime, missing } = pgjdbc
const byPgjdbc = async (url: string, application: string, secret = '') =>
  (await pgjdbc.run(JAVA_TOOL, url, reader.principal.applicationId, secret, application)).split('\n')

everyClient({ client: 'DBeaver (pgjdbc)', version, runtime, missing }, () => {
  it('works by the proxy with the file of the page', proves('lakegate proxy'), async () => {
    const [connection] = Object.values(dbeaver.connections)
    const { url = '', host, port, database } = connection?.configuration ?? {}
    expect(url).toBe(`jdbc:postgresql://${String(host)}:${String(port)}/${String(database)}`)
    expect(await byPgjdbc(atPort(url, proxy), 'DBeaver - Main')).toEqual(seenBy('DBeaver - Main'))
    expect(proxy.output()).toContain(`→ ${reader.principal.applicationId}, database ${String(database)}`)
  })
})

everyClient({ client: 'DataGrip (pgjdbc)', version, runtime, missing }, () => {
  it('works by the proxy with the URL of the page', proves('lakegate proxy'), async () => {
    expect(await byPgjdbc(atPort(dataGripUrl, proxy), 'DataGrip')).toEqual(seenBy('DataGrip'))
  })
})

everyClient({ client: 'Metabase (pgjdbc)', version, runtime, missing }, () => {
  const url = `jdbc:postgresql://${metabase.host}:${String(metabase.port)}/${metabase.dbname}`

  it('works by the proxy with the details of the page', proves('lakegate proxy'), async () => {
    expect(metabase).toMatchObject({ ssl: false, password: '' })
    expect(await byPgjdbc(atPort(url, proxy), 'Metabase')).toEqual(seenBy('Metabase'))
  })

  it(
    'works with the password that the proxy asks for, and with no other',
    proves('proxy with a password'),
    async () => {
      expect(await byPgjdbc(atPort(url, withPassword), 'Metabase', password)).toEqual(seenBy('Metabase'))
      const [refused] = await byPgjdbc(atPort(url, withPassword), 'Metabase', 'another')
      expect(refused).toMatch(/^28P01 /)
    },
  )
})

everyClient(
  { client: 'Grafana (pgx)', version: 'pgx 5.7.6', runtime: pgx.runtime, missing: pgx.missing },
  () => {
    it('works by the proxy with the data source of the page', proves('proxy with a password'), async () => {
      const [source] = datasources
      expect(source?.secureJsonData.password).toBe('$PROXY_PASSWORD')
      const [host, port] = atPort(source?.url ?? '', withPassword).split(':')
      const { database, sslmode } = source?.jsonData ?? {}
      const settings = Object.entries({
        host,
        port,
        dbname: database,
        sslmode,
        user: reader.principal.applicationId,
        password,
      })
      const said = await pgx.run(settings.map(([name, value]) => `${name}='${String(value)}'`).join(' '))
      expect(said).toBe(reader.principal.applicationId)
    })
  },
)
