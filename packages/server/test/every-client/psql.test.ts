/** docs/clients/psql.md, as it stands there. More of psql is in clients/psql.test.ts. */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const [login] = blocksRunBy('docs/clients/psql.md', 'packages/server/test/every-client/psql.test.ts')

function findVersion(): string | undefined {
  try {
    return /\d+(?:\.\d+)*/.exec(execFileSync('psql', ['--version'], { encoding: 'utf8' }))?.[0]
  } catch {
    return undefined
  }
}

const version = findVersion()
const missing = version === undefined ? 'psql is not installed' : undefined

everyClient({ client: 'psql', version, runtime: 'libpq', missing }, () => {
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(sharedLakegate(), 'reads about psql')
  })
  afterAll(() => reader.remove())

  it('logs in as the page shows', proves('login'), async () => {
    const { stdout } = await reader.run(`${login?.text.trimEnd() ?? ''} --command 'SELECT session_user'`)
    expect(stdout).toContain(reader.principal.applicationId)
  })
})
