// psycopg's own tests of cancelling, COPY, pipelines and prepared statements: against a PostgreSQL directly over TLS, and
// against the same one behind the gateway, at the direct and at the pooled endpoint. Prints what comes out differently; what
// does so by design stands in packages/server/test/psycopg-suite/by-design.ts. Nothing that is fetched is kept.
// Ends with 1 where something differs, and with 2 where psycopg or its tests cannot be had.
// Usage: npm run psycopg-suite -- [--release DIRECTORY or ARCHIVE of psycopg] [--subjects EXPRESSION of pytest -k]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { release: { type: 'string' }, subjects: { type: 'string' } } })
const load = async (file) => {
  const { module } = await runnerImport(`${root}packages/server/test/psycopg-suite/${file}`, {
    resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
  })
  return module
}
const { fetchPsycopgSuite, SuiteNotFound } = await load('fetch-suite.ts')
const { runPsycopgSuite } = await load('psycopg-suite.ts')

const tallied = (tally) =>
  Object.entries(tally)
    .map(([outcome, tests]) => `${tests} ${outcome}`)
    .sort()
    .join(', ')
const said = ({ outcome, message }) => (message === undefined ? outcome : `${outcome} (${message})`)

let suite
try {
  suite = await fetchPsycopgSuite(values.release)
} catch (error) {
  if (!(error instanceof SuiteNotFound)) throw error
  console.error(`Skipped, nothing was compared: ${error.message}.`)
  console.error('Give a release of psycopg, unpacked or not: npm run psycopg-suite -- --release DIRECTORY')
  process.exit(2)
}
try {
  const { tests, files, passed, failed, byDesign, differences } = await runPsycopgSuite(
    suite,
    values.subjects,
  )
  console.log(`${tests} tests, of which ${passed} pass against PostgreSQL itself`)
  for (const [file, { postgresql, direct, pooled }] of files)
    console.log(
      `${file}: PostgreSQL ${tallied(postgresql)}; direct ${tallied(direct)}; pooled ${tallied(pooled)}`,
    )
  for (const [test, outcome] of failed)
    console.log(`\nsays nothing of the gateway: ${test}\n  ${said(outcome)}`)
  for (const { test, endpoint, sentence } of byDesign)
    console.log(`\nby design, at the ${endpoint} endpoint: ${test}\n  ${sentence}`)
  for (const { test, endpoint, postgresql, gateway } of differences)
    console.log(
      `\nDIFFERENT at the ${endpoint} endpoint: ${test}\n  PostgreSQL: ${said(postgresql)}\n  gateway:    ${said(gateway)}`,
    )
  console.log(`\n${byDesign.length} differ by design, ${differences.length} differ`)
  process.exitCode = differences.length === 0 && passed > 0 ? 0 : 1
} finally {
  await suite.remove()
}
