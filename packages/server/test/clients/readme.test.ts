/** The README's own commands, as they stand there, run by a shell against a running Lakegate. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { hasProgram, useShell } from '../stage/document-shell.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const blocks = blocksRunBy('README.md', 'packages/server/test/clients/readme.test.ts')
const isMissing = !['bash', 'curl', 'psql'].every(hasProgram)
const { ready } = sharedLakegate()

it.skipIf(isMissing)(
  'the README leads from what the start printed to sessions as the service principal',
  async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-readme-'))
    const shell = await useShell(directory)
    const commands = blocks
      .map(({ text }) => text)
      .join('\n')
      .replace('http://127.0.0.1:8470 ', `${ready.http_url} `)
      .replace(/ADMIN_TOKEN=dapi\S*/, `ADMIN_TOKEN=${ready.admin_token}`)
    expect(commands).toContain('databricks_create_role')
    const { stdout } = await shell.run(`${commands}\necho "I am $CLIENT_ID"`)
    const [, clientId = ''] = /I am (\S+)/.exec(stdout) ?? []
    expect(clientId).toMatch(/^[0-9a-f-]{36}$/)
    const answers = [...stdout.matchAll(/^ +(session_user|current_user) +\n-+\n (\S+)$/gm)]
    expect(answers.map(([, column, role]) => [column, role])).toEqual([
      ['session_user', clientId],
      ['current_user', clientId],
    ])
    await rm(directory, { recursive: true })
  },
)
