/** What the completion of a shell is told, without the shell: those themselves are in every-client/completion.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { complete } from '../../../src/cli/completion/complete.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { NOTHING_STARTED } from '../../stage/nothing-started.ts'

const program = await createProgram(NOTHING_STARTED, undefined)

const home = mkdtempSync(path.join(tmpdir(), 'lakegate-completion-'))
writeFileSync(
  path.join(home, '.databrickscfg'),
  '[two words]\nhost = http://127.0.0.1:9\n[work]\nhost = http://127.0.0.1:9\n',
)
afterAll(() => {
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  vi.stubEnv('HOME', home)
  vi.stubEnv('DATABRICKS_CONFIG_FILE', '')
  vi.stubEnv('DATABRICKS_HOST', 'http://127.0.0.1:9')
  vi.stubEnv('DATABRICKS_TOKEN', 'dapi0')
})

const NOWHERE = { socket: path.join(home, 'nothing', 'socket'), dataDirectory: home }

/** @returns the words that are offered, without what they mean */
const offered = async (...words: string[]): Promise<readonly string[]> =>
  (await complete(program, words, () => Promise.resolve(NOWHERE))).map((line) => line.split('\t')[0] ?? '')

describe('what is offered', () => {
  it('is commands, with what they do', async () => {
    expect(await complete(program, ['curr'], () => Promise.resolve(NOWHERE))).toEqual([
      'current-user\twho you are',
    ])
    expect(await offered('account', 'work')).toEqual(['workspace-assignment', 'workspaces'])
    expect(await offered('-o', 'json', 'account', 'workspaces', 'l')).toEqual(['list'])
  })

  it('is flags, those that all commands share among them', async () => {
    expect(await offered('database', 'create-database-instance', '--st')).toEqual(['--stopped'])
    expect(await offered('database', 'create-database-instance', '--pro')).toEqual(['--profile'])
    expect(await offered('database', 'create-database-instance', '--no')).toEqual([
      '--node-count',
      '--no-wait',
      '--no-color',
    ])
  })

  it('is the words that a flag or an argument takes', async () => {
    expect(await offered('current-user', 'me', '-o', '')).toEqual(['text', 'json'])
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await offered('permissions', 'get', '')).toEqual(['database-instances', 'directories'])
  })

  it('is profiles', async () => {
    expect(await offered('current-user', 'me', '--profile', '')).toEqual(['two words', 'work'])
    expect(await offered('auth', 'token', 'w')).toEqual(['work'])
  })

  it('is files and directories of the shell, where those are meant', async () => {
    expect(await offered('keys', 'rotate', '--token-file', '')).toEqual([':files'])
    expect(await offered('users', 'create', '--json', '')).toEqual([':files'])
    expect(await offered('up', '--data-dir', '')).toEqual([':directories'])
  })

  it('is nothing where nothing is known: for a new name, behind --, and where the server does not answer', async () => {
    expect(await offered('database', 'create-database-instance', '')).toEqual([])
    expect(await offered('psql', 'dev', '--', '--')).toEqual([])
    expect(await offered('database', 'get-database-instance', '')).toEqual([])
  })
})
