/** docs/clients/databricks-sdk-python.md, as it stands there. What else the SDK does is in clients/python-sdk.test.ts. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/every-client/databricks-sdk-python.test.ts'
const [example] = blocksRunBy('docs/clients/databricks-sdk-python.md', THIS)
/** Run by stage/example-reader.ts before every program. */
blocksRunBy('docs/clients/README.md', THIS)

const clients = await installPythonClients()
afterAll(() => clients.remove())

everyClient(
  {
    client: 'databricks-sdk (Python)',
    version: clients.versionOf('databricks-sdk'),
    runtime: clients.runtime,
    missing: clients.missing,
  },
  () => {
    const lakegate = sharedLakegate()
    let reader: ExampleReader
    beforeAll(async () => {
      reader = await createExampleReader(lakegate, 'reads about the SDK for Python')
    })
    afterAll(() => reader.remove())

    const login = async (environment: Readonly<Record<string, string>> = {}) => {
      const { stdout } = await reader.runPython(clients.python, example?.text ?? '', environment)
      return stdout.trim()
    }

    it('logs in as the page shows', proves('login'), async () => {
      expect(await login()).toBe(`('${reader.principal.applicationId}',)`)
    })

    it('does so over HTTPS', proves('HTTPS'), async () => {
      const { http_url, ca_file } = lakegate.ready
      const https = { LAKEGATE: http_url.replace('http:', 'https:'), REQUESTS_CA_BUNDLE: ca_file }
      expect(await login(https)).toBe(`('${reader.principal.applicationId}',)`)
    })
  },
)
