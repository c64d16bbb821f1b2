/** What docs/rest.md tells of the typed REST client and of the OpenAPI document, as it stands there. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/clients/rest.test.ts'
const { ready } = sharedLakegate()
const [program, start, document] = blocksRunBy('docs/rest.md', THIS)

let directory: string
let shell: DocumentShell

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-rest-'))
  // As after `npm install`.
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(directory, 'node_modules'))
  shell = await useShell(directory, { LAKEGATE: ready.http_url, ADMIN_TOKEN: ready.admin_token })
})
afterAll(() => rm(directory, { recursive: true, force: true }))

it('the program calls the operations that it names', async () => {
  await writeFile(path.join(directory, 'rest.mjs'), program?.text ?? '')
  const { stdout } = await shell.run(start?.text ?? '')
  expect(stdout).toContain(`${ready.instance.name} AVAILABLE`)
  expect(stdout).toMatch(/\ntrue\n404 NOT_FOUND Check the name/)
})

it('the document is fetched, and has the operations', async () => {
  expect((await shell.run(document?.text ?? '')).stdout).toBe('true\n')
})
