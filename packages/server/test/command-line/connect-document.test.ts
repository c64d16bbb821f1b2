/** The commands of docs/connect.md and the first login of the README, as they stand there. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { createSomebody, type Somebody } from '../stage/connect-command.ts'
import { blocksRunBy, type Block } from '../stage/document.ts'
import { hasProgram, useShell, type DocumentShell } from '../stage/document-shell.ts'
import { freePort } from '../stage/free-port.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/command-line/connect-document.test.ts'
const blocks = [...blocksRunBy('docs/connect.md', THIS), ...blocksRunBy('README.md', THIS)]
const taken = new Set<Block>()
function block(words: string): string {
  const [found, ...others] = blocks.filter(({ text }) => text.includes(words))
  if (found === undefined || others.length > 0) throw new Error(`not one block says ${words}`)
  taken.add(found)
  return found.text
}

const lakegate = sharedLakegate()
const admin = lakegate.ready.admin_user
const hasPsql = hasProgram('psql')

let somebody: Somebody
let shell: DocumentShell
beforeAll(async () => {
  somebody = await createSomebody(lakegate)
  await mkdir(path.join(somebody.home, 'work'))
  shell = await useShell(path.join(somebody.home, 'work'), {
    HOME: somebody.home,
    LAKEGATE_DATA_DIR: lakegate.dataDirectory,
  })
})
afterAll(() => somebody.remove())

describe('the README', () => {
  it('leads to a prompt behind the start', async () => {
    const { stdout } = await shell.run(
      `cd '${REPOSITORY}'\n${block('npx lakegate psql dev').trim()} <<< 'SELECT session_user'`,
    )
    expect(stdout).toContain(` ${admin}\n`)
  })
})

describe('docs/connect.md', () => {
  it('has psql, for people and for scripts', async () => {
    const [forPeople] = blocks.filter(({ text }) => text === 'lakegate psql dev\n')
    if (forPeople === undefined) throw new Error('the first command is not there')
    taken.add(forPeople)
    await shell.run(forPeople.text)
    const { stdout } = await shell.run(block('--csv'))
    expect(stdout).toContain('current_database\npostgres\n')
    expect(stdout).toContain(` ${admin}\n`)
  })

  it.each(['lakegate proxy dev\n', '--password-file'])('has a proxy: %s', async (words) => {
    await writeFile(path.join(somebody.home, 'proxy-password'), 'open sesame\n')
    const command = block(words)
      .replace('proxy dev\n', 'proxy dev --port 0\n')
      .replace('5433', String(await freePort()))
      .trim()
    const { stdout } = await shell.run(`${command} > said & proxy=$!
until grep -q 'Ctrl-C stops it' said || ! kill -0 $proxy; do sleep 0.1; done
kill -INT $proxy; wait $proxy; cat said`)
    expect(stdout).toContain(`is logged in to dev as ${admin}.`)
  })

  it('has credentials', async () => {
    const { stdout } = await shell.run(block('--output json'))
    expect(stdout).toMatch(/^eyJ\S+\n\{\n {2}"token": "eyJ/)
  })

  it.skipIf(!hasPsql)('has the files of libpq', async () => {
    const { stdout } = await shell.run(block('--service --write'))
    expect(stdout).toContain(` ${admin}\n`)
  })

  it.skipIf(!hasPsql)('has variables', async () => {
    const { stdout } = await shell.run(block('eval'))
    expect(stdout).toContain(` ${admin}\n`)
  })
})

it('the documents have no block that names this test and was not run', () => {
  if (hasPsql) expect(blocks.filter((one) => !taken.has(one)).map(({ text }) => text)).toEqual([])
})
