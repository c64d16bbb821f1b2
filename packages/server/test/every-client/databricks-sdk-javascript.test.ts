/** docs/clients/databricks-sdk-javascript.md: the program as it stands there, and its pool through several lifetimes. */
import { readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { expectRotation, LIFETIME_SECONDS, loadBy } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [example = ''] = blocksRunBy(
  'docs/clients/databricks-sdk-javascript.md',
  'packages/server/test/every-client/databricks-sdk-javascript.test.ts',
).map(({ text }) => text)
const EXPORTS =
  blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text ?? ''
const FORTY_FIVE_MINUTES = 'maxLifetimeSeconds: 2700'
const QUERY = 'const { rows } = '

/** Eight at once; prints what load.py prints. */
const LOAD = `
const end = Date.now() + Number(process.env.SECONDS) * 1000
const report = { queries: 0, sessions: 0, failures: [] }
const seen = new Set()
async function work() {
  while (Date.now() < end) {
    report.queries += 1
    try {
      seen.add((await pool.query('SELECT pg_backend_pid() AS backend')).rows[0].backend)
    } catch (error) {
      report.failures.push(error.message)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
await Promise.all(Array.from({ length: 8 }, work))
await pool.end()
console.log(JSON.stringify({ ...report, sessions: seen.size }))
`

const sdkPackage = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@databricks/sdk-experimental')),
  '../package.json',
)
const { version } = JSON.parse(readFileSync(sdkPackage, 'utf8')) as { readonly version: string }

everyClient({ client: 'databricks-sdk-js', version, runtime: `Node ${process.versions.node}` }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about JavaScript')
  })
  afterAll(() => reader.remove())

  /** Programs find their packages from where they are. */
  async function runHere(
    by: ExampleReader,
    program: string,
    environment: Readonly<Record<string, string>> = {},
    before = '',
  ) {
    const file = `${crypto.randomUUID()}.mjs`
    await by.write(file, program)
    return by.run(`${EXPORTS}\n${before}\nexec '${process.execPath}' '${file}'`, environment)
  }
  const install = (by: ExampleReader) =>
    symlink(path.join(REPOSITORY, 'node_modules'), path.join(by.directory, 'node_modules'))
  beforeAll(() => install(reader))

  it('logs in as the page shows', proves('login'), async () => {
    const { stdout, stderr } = await runHere(reader, example)
    expect(stdout.trim()).toBe(reader.principal.applicationId)
    expect(stderr).toBe('')
  })

  it('does so where the authority is public, as with the real service', proves('login'), async () => {
    const trusts = { NODE_EXTRA_CA_CERTS: lakegate.ready.ca_file }
    const { stdout } = await runHere(reader, example, trusts, 'unset PGSSLROOTCERT PGSSLMODE')
    expect(stdout.trim()).toBe(reader.principal.applicationId)
  })

  it('does so over HTTPS', proves('HTTPS'), async () => {
    const { http_url, ca_file } = lakegate.ready
    const https = { LAKEGATE: http_url.replace('http:', 'https:'), NODE_EXTRA_CA_CERTS: ca_file }
    expect((await runHere(reader, example, https)).stdout.trim()).toBe(reader.principal.applicationId)
  })

  it('is served at the pooled endpoint', proves('pooled endpoint'), async () => {
    const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
    const { stdout } = await runHere(reader, example, { HOST, PORT: String(pooled_port) })
    expect(stdout.trim()).toBe(reader.principal.applicationId)
  })

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    expect(example).toContain(FORTY_FIVE_MINUTES)
    const shortLived = example
      .slice(0, example.indexOf(QUERY))
      .replace(FORTY_FIVE_MINUTES, `maxLifetimeSeconds: ${String(LIFETIME_SECONDS * 0.75)}`)
    expectRotation(
      await loadBy(lakegate, async (loading, seconds) => {
        await install(loading)
        return runHere(loading, shortLived + LOAD, { SECONDS: String(seconds) })
      }),
    )
  })
})
