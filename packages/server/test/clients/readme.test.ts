/** The README's own commands, as they stand there, run by a shell against a running Lakegate. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { hasProgram, useShell, type DocumentShell } from '../stage/document-shell.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { runToEnd } from '../stage/run-to-end.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const blocks = blocksRunBy('README.md', 'packages/server/test/clients/readme.test.ts')
const isMissing = !['bash', 'curl', 'psql'].every(hasProgram)
const sdk = await installPythonClient('databricks-sdk==0.156.0')

describe.skipIf(isMissing)('the README', () => {
  const { ready } = sharedLakegate()
  let directory: string
  let shell: DocumentShell
  /** From the values of the start to the sessions of the service principal. */
  let walk: string

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lakegate-readme-'))
    shell = await useShell(directory)
    walk = blocks
      .filter(({ language, text }) => language === 'sh' && !/npm|python3/.test(text))
      .map(({ text }) =>
        text
          .replace('http://127.0.0.1:8470 ', `${ready.http_url} `)
          .replace(/ADMIN_TOKEN=dapi\S*/, `ADMIN_TOKEN=${ready.admin_token}`),
      )
      .join('\n')
  })
  afterAll(async () => {
    await sdk.remove()
    await rm(directory, { recursive: true })
  })

  it('leads from the administrator’s token to sessions as the service principal', async () => {
    expect(walk).toContain('databricks_create_role')
    const { stdout } = await shell.run(`${walk}\necho "I am $CLIENT_ID"`)
    const [, clientId = ''] = /I am (\S+)/.exec(stdout) ?? []
    expect(clientId).toMatch(/^[0-9a-f-]{36}$/)
    const answers = [...stdout.matchAll(/^ +(session_user|current_user) +\n-+\n (\S+)$/gm)]
    expect(answers.map(([, column, role]) => [column, role])).toEqual([
      ['session_user', clientId],
      ['current_user', clientId],
    ])
  })

  it.skipIf(sdk.missing !== undefined)('does the same with the Databricks SDK for Python', async () => {
    const program = blocks.find(({ language }) => language === 'python')?.text ?? ''
    await writeFile(path.join(directory, 'me.py'), program)
    const command = blocks.find(({ text }) => text.includes('python3'))?.text ?? ''
    const { stdout } = await shell.run(
      `${walk}\necho "I am $CLIENT_ID"\n${command}`,
      {},
      path.dirname(sdk.python),
    )
    const [, clientId = '', rest = ''] = /I am (\S+)\n([^]*)/.exec(stdout) ?? []
    const [name, token = ''] = rest.trim().split('\n')
    expect(name).toBe(clientId)
    expect(token.split('.')).toHaveLength(3)
  })

  it('starts one for scripts and CI, which says when it is ready', async () => {
    const command = blocks.find(({ text }) => text.includes('npm start'))?.text ?? ''
    // `npm start` is the build and this; the tests were built before they began.
    const [, assignments = ''] = /^(.*) npm start$/m.exec(command) ?? []
    const { stdout } = await shell.run(`env --ignore-environment ${assignments} env`)
    const settings = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line): [string, string] => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]),
    )
    const dataDirectory = settings['LAKEGATE_DATA_DIR'] ?? ''
    const readyFile = path.join(directory, settings['LAKEGATE_READY_FILE'] ?? '')
    const { code, output } = await runToEnd({ ...settings, LAKEGATE_READY_FILE: readyFile })
    expect([code, output]).toEqual([0, expect.stringContaining(`Access token     in ${readyFile}`)])
    await rm(dataDirectory, { recursive: true })
  })
})
