/** A client in Python, generated from the OpenAPI document of a Lakegate, calls it: docs/rest.md, as it stands there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/every-client/generated-client.test.ts'
const VERSION = '0.29.1'
const [generate, program, start] = blocksRunBy('docs/rest.md', THIS)

const generator = await installPythonClient(`openapi-python-client==${VERSION}`)
afterAll(() => generator.remove())

everyClient(
  {
    client: 'openapi-python-client (from /openapi.json)',
    version: VERSION,
    runtime: 'Python',
    missing: generator.missing,
  },
  () => {
    const { ready } = sharedLakegate()
    let directory: string
    let shell: DocumentShell
    const programs = path.dirname(generator.python)

    beforeAll(async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'lakegate-generated-'))
      shell = await useShell(directory, { LAKEGATE: ready.http_url, ADMIN_TOKEN: ready.admin_token })
    })
    afterAll(() => rm(directory, { recursive: true, force: true }))

    it('is generated without a warning, and mints a credential', proves('REST'), async () => {
      const { stdout, stderr } = await shell.run(generate?.text ?? '', {}, programs)
      expect(`${stdout}${stderr}`).not.toMatch(/warning|error/i)
      await writeFile(path.join(directory, 'me.py'), program?.text ?? '')
      expect((await shell.run(start?.text ?? '', {}, programs)).stdout).toBe(`${ready.admin_user} True\n`)
    })
  },
)
