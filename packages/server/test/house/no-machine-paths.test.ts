/** A clone is at home everywhere: nothing committed names a directory of somebody's machine or a registry. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { REPOSITORY } from './sources.ts'

const THIS_FILE = 'packages/server/test/house/no-machine-paths.test.ts'

/** What each would be at the start of a word; `~/…` and the system's own directories are at home everywhere. */
const FOREIGN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a home directory', /(?<![\w~.>-])\/(?:root\/\w|home\/[a-z]|Users\/[A-Za-z])[\w./-]*/],
  ['a working directory', /(?<![\w~.>)}-])\/(?:work|workspace|builds|mnt)\/\w[\w./-]*/],
  ['a drive', /(?<!\w)[A-Z]:\\\\?\w/],
  [
    'a registry',
    /registry\.npmjs\.org|registry\.yarnpkg\.com|npm\.pkg\.github\.com|pypi\.org\/simple|files\.pythonhosted\.org/,
  ],
]

/** Everything under version control; without git (a source archive) there is nothing committed to look at. */
const committed = existsSync(path.join(REPOSITORY, '.git'))
  ? execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], { cwd: REPOSITORY, encoding: 'utf8' })
      .split('\0')
      .filter((file) => file !== '' && file !== THIS_FILE && existsSync(path.join(REPOSITORY, file)))
  : []

it.skipIf(committed.length === 0)('names no directory of a machine and no registry', () => {
  const found = committed.flatMap((file) =>
    readFileSync(path.join(REPOSITORY, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        FOREIGN.flatMap(([what, pattern]) => {
          const match = pattern.exec(line)
          return match === null ? [] : [`${file}:${String(index + 1)} names ${what}: ${match[0]}`]
        }),
      ),
  )
  expect(found).toEqual([])
})

it('lets the lockfile pin versions and contents, not the place they came from', () => {
  const lock = JSON.parse(readFileSync(path.join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>
  }
  const resolved = Object.entries(lock.packages).filter(
    ([, entry]) => entry.resolved !== undefined && entry.link !== true,
  )
  expect(resolved.map(([name, entry]) => `${name}: ${entry.resolved ?? ''}`)).toEqual([])
})
