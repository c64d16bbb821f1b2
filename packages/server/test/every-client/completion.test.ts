/** Completion in the shells themselves: what they offer at the tab key. A shell that is not installed is skipped by name. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, PROGRAM, type Home } from '../stage/at-home.ts'
import { hasProgram } from '../stage/document-shell.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { ready } = sharedLakegate()

let home: Home
beforeAll(async () => {
  home = await makeHome({ DATABRICKS_HOST: ready.http_url, DATABRICKS_TOKEN: ready.admin_token })
  const bin = path.join(home.directory, 'bin')
  await mkdir(bin)
  await writeFile(path.join(bin, 'lakegate'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  await chmod(path.join(bin, 'lakegate'), 0o755)
  await writeFile(path.join(home.directory, 'body.json'), '{}')
  await writeFile(
    path.join(home.directory, '.databrickscfg'),
    `[two words]\nhost = ${ready.http_url}\n[work]\nhost = ${ready.http_url}\n`,
  )
})
afterAll(async () => {
  await home.remove()
})

/** Runs a script in a shell and gives its lines. */
async function linesOf(program: string, words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(program, words, {
    cwd: home.directory,
    env: {
      ...home.environment,
      PATH: `${path.join(home.directory, 'bin')}:${process.env['PATH'] ?? ''}`,
      TERM: 'dumb',
    },
  })
  return stdout.split('\n').filter((line) => line !== '')
}

/** What `complete` of bash makes of a line whose last word is being written. */
const inBash = (...words: string[]) =>
  linesOf('bash', [
    '--norc',
    '-c',
    `eval "$(lakegate completion bash)"
     COMP_WORDS=(lakegate "$@") COMP_CWORD=$#
     $(complete -p lakegate | sed 's/.*-F \\([^ ]*\\).*/\\1/')
     printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ])

/** What fish offers for a line. */
const inFish = (line: string) =>
  linesOf('fish', [
    '--no-config',
    '-c',
    `lakegate completion fish | source; complete -C ${JSON.stringify(line)}`,
  ])

/** zsh completes only in an editor of lines: one is run in a terminal of its own (zshmodules, zsh/zpty), and prints what it would offer. */
const inZsh = (line: string) =>
  linesOf('zsh', [
    '-f',
    '-c',
    `zmodload zsh/zpty
     zpty editor zsh -f -i
     zpty -w editor 'PS1= PROMPT= RPROMPT=; autoload -Uz compinit; compinit -u -D'
     zpty -w editor 'eval "$(lakegate completion zsh)"'
     zpty -w editor '_describe() { local -a all; all=("\${(@P)2}"); print -rl -- "" "\${(@)all/#/offer:}" "the end"; exit }'
     zpty -w editor '_files() { print -rl -- "" "offer:files" "the end"; exit }'
     zpty -w -n editor "$1"$'\\t'
     while zpty -r editor line; do print -r -- "\${line%$'\\r'*}"; [[ $line == "the end"* ]] && break; done`,
    'zsh',
    line,
  ]).then((lines) =>
    lines.flatMap((one) => (one.trim().startsWith('offer:') ? [one.trim().slice('offer:'.length)] : [])),
  )

describe('bash', () => {
  it('offers commands, those below them, and flags', async () => {
    expect(await inBash('data')).toEqual(['database'])
    expect(await inBash('account', 'work')).toEqual(['workspace-assignment', 'workspaces'])
    expect(await inBash('database', 'create-database-instance', '--st')).toEqual(['--stopped'])
  })

  it('offers names of instances and of profiles, and the words that a flag takes', async () => {
    expect(await inBash('database', 'get-database-instance', '')).toContain(ready.instance.name)
    expect(await inBash('sessions', 'list', '--instance', ready.instance.name.slice(0, 2))).toContain(
      ready.instance.name,
    )
    expect(await inBash('current-user', 'me', '-p', '')).toEqual(['two\\ words', 'work'])
    expect(await inBash('current-user', 'me', '--output', '')).toEqual(['text', 'json'])
  })

  it('offers files where a file is meant, and nothing where nothing is known', async () => {
    expect(await inBash('keys', 'rotate', '--token-file', 'bo')).toEqual(['body.json'])
    expect(await inBash('database', 'create-database-instance', '')).toEqual([])
  })
})

describe.skipIf(!hasProgram('zsh'))('zsh', () => {
  it('offers commands with what they do, names, and files', async () => {
    expect(await inZsh('lakegate data')).toEqual([
      'database:database instances, their credentials, roles and catalogs',
    ])
    expect(await inZsh('lakegate database get-database-instance ')).toContain(
      `${ready.instance.name}:database instance`,
    )
    expect(await inZsh('lakegate keys rotate --token-file ')).toEqual(['files'])
  })
})

describe.skipIf(!hasProgram('fish'))('fish', () => {
  it('offers commands with what they do, names, and files', async () => {
    expect(await inFish('lakegate data')).toEqual([
      'database\tdatabase instances, their credentials, roles and catalogs',
    ])
    expect(await inFish('lakegate database get-database-instance ')).toContain(
      `${ready.instance.name}\tdatabase instance`,
    )
    expect((await inFish('lakegate keys rotate --token-file bo')).join()).toContain('body.json')
  })
})
