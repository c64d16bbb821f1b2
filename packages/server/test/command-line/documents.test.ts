/** docs/command-line.md, as it stands there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksRunBy } from '../stage/document.ts'
import { useShell, type DocumentShell } from '../stage/document-shell.ts'
import { createPerson, signInAndAllow, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const [login, configure, work, json, completion] = blocksRunBy(
  'docs/command-line.md',
  'packages/server/test/command-line/documents.test.ts',
).map(({ text }) => text)

describe('docs/command-line.md', () => {
  let directory: string
  let shell: DocumentShell
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lakegate-command-line-'))
    shell = await useShell(directory, {
      HOME: directory,
      LAKEGATE: ready.http_url,
      BROWSER: path.join(directory, 'bin', 'browser'),
    })
    // A browser in which somebody signs in: the test goes to the address that it was opened with.
    await shell.standIn(
      'browser',
      `printf '%s' "$1" > '${directory}/address.unfinished'; mv '${directory}/address.unfinished' '${directory}/address'`,
    )
    await writeFile(path.join(directory, 'token-file'), `${ready.admin_token}\n`)
  })
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('signs a person in by the browser, whom commands then are', async () => {
    const person = await createPerson(lakegate)
    const running = shell.run(login ?? '')
    const address = await waitFor('the browser', () => {
      try {
        return readFileSync(path.join(directory, 'address'), 'utf8')
      } catch {
        return undefined
      }
    })
    await fetch(await signInAndAllow(new Visitor(), new URL(address), person))
    const { stdout } = await running
    expect(JSON.parse(stdout)).toMatchObject({ userName: person.userName })
  })

  it('keeps a token in a profile, and works with it', async () => {
    expect((await shell.run(configure ?? '')).stdout).toBe(`${ready.admin_user}\n`)
    const { stdout } = await shell.run(`${work ?? ''}\necho "$PGPASSWORD"`)
    expect(stdout).toMatch(/^Name +State +Capacity +Host +Port +Creator\n/)
    expect(stdout).toMatch(/\ney\S+\n$/)
  })

  it('gives a service principal a secret and a permission', async () => {
    const { stdout } = await shell.run(`export DATABRICKS_CONFIG_PROFILE=robot\n${json ?? ''}`)
    expect(JSON.parse(stdout)).toMatchObject({ object_id: `/database-instances/${ready.instance.name}` })
  })

  it('completes in bash', async () => {
    const { stdout } = await shell.run(`${completion ?? ''}\ncomplete -p lakegate`)
    expect(stdout).toContain('-F _lakegate lakegate')
  })
})
