/**
 * The lists that code, tests and documents cite are shipped: every cited section of docs/design.md and docs/wire-contract.md,
 * behaviour of docs/behaviours.md and attack of docs/attacks.md is there; behaviours and attacks name tests that exist and that
 * cite them back.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  citationOfFileName,
  citationsIn,
  entriesOf,
  sectionsOf,
  testsNamedIn,
  type Citation,
  type Entry,
  type List,
} from './citations.ts'
import { REPOSITORY } from './sources.ts'

const THIS_FILE = 'packages/server/test/house/cited-lists.test.ts'
const TESTS = 'packages/server/test'
const LISTS = ['behaviours', 'attacks'] as const

const read = (file: string): string => readFileSync(path.join(REPOSITORY, file), 'utf8')

const texts = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'vitest.config.ts',
  ...[
    'docs',
    'bench',
    'scripts',
    'packages/client/src',
    'packages/sql-text/src',
    'packages/sql-text/test',
    'packages/console/src',
    'packages/console/test',
    'packages/server/src',
    'packages/server/sql',
    TESTS,
  ].flatMap((folder) =>
    readdirSync(path.join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
      .filter((file) => /\.(?:ts|tsx|mjs|sql|md|py|java|css)$/.test(file)),
  ),
]
  // Made-up numbers stand here.
  .filter((file) => file !== THIS_FILE)
  .map((file) => ({ file, text: read(file) }))

const entries: Readonly<Record<(typeof LISTS)[number], readonly Entry[]>> = {
  behaviours: entriesOf(read('docs/behaviours.md')),
  attacks: entriesOf(read('docs/attacks.md')),
}

const numbers: Readonly<Record<List, ReadonlySet<string>>> = {
  design: new Set(sectionsOf(read('docs/design.md'))),
  'wire-contract': new Set(sectionsOf(read('docs/wire-contract.md'))),
  behaviours: new Set(entries.behaviours.map(({ number }) => number)),
  attacks: new Set(entries.attacks.map(({ number }) => number)),
}

const citationsOf = (file: string, text: string): readonly Citation[] => {
  const ofName = citationOfFileName(file)
  return ofName === undefined ? citationsIn(text) : [ofName, ...citationsIn(text)]
}

/** What is cited and is in no list, as `file:line list number`. */
function unknownIn(file: string, text: string): readonly string[] {
  return citationsOf(file, text)
    .filter(({ list, number }) => !numbers[list].has(number))
    .map(({ list, number, line }) => `${file}:${String(line)} ${list} ${number}`)
}

describe('a citation', () => {
  it.each([
    ['(behaviour 20)', 'behaviours', ['20']],
    ['behaviours 20, 33, 36: roles', 'behaviours', ['20', '33', '36']],
    ['Behaviors 1 and 2', 'behaviours', ['1', '2']],
    ['behaviours 1, 2, and 6', 'behaviours', ['1', '2', '6']],
    ['attacks 1–5; CVE-2021-23214', 'attacks', ['1', '2', '3', '4', '5']],
    ['Attack 13, behaviour 71', 'attacks', ['13']],
    ['attack 11; behaviour 69', 'attacks', ['11']],
    ['attack\n * 34: guessing', 'attacks', ['34']],
    ['-- (attacks 23,\n-- 37)', 'attacks', ['23', '37']],
    ['DESIGN 5', 'design', ['5']],
    ['DESIGN §6.5, §8).', 'design', ['6.5', '8']],
    ['DESIGN §3, `attached`', 'design', ['3']],
    ['[design](design.md) §10', 'design', ['10']],
    ['as DESIGN §6. Next', 'design', ['6']],
    ['wire-contract §3.2, §3.6: every way', 'wire-contract', ['3.2', '3.6']],
  ])('is found in %j', (text, list, found) => {
    expect(citationsIn(text).filter((one) => one.list === list)).toEqual(
      found.map((number) => ({ list, number, line: 1 })),
    )
  })

  it.each([
    'attacks from 3 sides',
    'they design 2 pages',
    'behaviours/15-server-name',
    'attack 3rd',
    'console-design §5.11',
  ])('is not found in %j', (text) => {
    expect(citationsIn(text)).toEqual([])
  })

  it('is found in the name of a test', () => {
    expect(citationOfFileName(`${TESTS}/attacks/08-lengths-and-layouts.test.ts`)).toEqual({
      list: 'attacks',
      number: '8',
      line: 0,
    })
  })

  it('of a number that was made up is told with its place', () => {
    expect(unknownIn('a.ts', '// one\n// behaviours 13, 999 (attack 998, DESIGN §997)')).toEqual([
      'a.ts:2 behaviours 999',
      'a.ts:2 attacks 998',
      'a.ts:2 design 997',
    ])
    expect(unknownIn(`${TESTS}/attacks/996-made-up.test.ts`, '')).toHaveLength(1)
  })

  it('is in its list, wherever it stands', () => {
    expect(texts.flatMap(({ file, text }) => unknownIn(file, text))).toEqual([])
  })

  it('is what the last column of the tables in docs/security-model.md has as well: attacks by number alone', () => {
    const cited = read('docs/security-model.md')
      .split('\n')
      .flatMap((row) => /^\|.*\|([^|]+)\|$/.exec(row)?.[1] ?? [])
      .map((cell) => cell.replace(/behaviours? \d+(?:–\d+)?|[\w-]+\/[\w-]+|`[^`]*`/g, ''))
      .flatMap((cell) => [...cell.matchAll(/\b\d+\b/g)].map(([number]) => String(Number(number))))
    expect(cited).not.toEqual([])
    expect(cited.filter((number) => !numbers.attacks.has(number))).toEqual([])
  })
})

describe.each(LISTS)('docs/%s.md', (list) => {
  it('has every number once, in order, without a gap', () => {
    expect(entries[list].map(({ number }) => number)).toEqual(
      entries[list].map((_, index) => String(index + 1)),
    )
  })

  it('names a test for each, or says in the fixed form why there is none', () => {
    expect(
      entries[list].filter(({ tests, reason }) => (tests.length === 0) === (reason === undefined)),
    ).toEqual([])
  })

  it('names tests that are there and cite the number', () => {
    const wrong = entries[list].flatMap(({ number, tests }) =>
      tests
        .map((test) => `${TESTS}/${test}.test.ts`)
        .filter(
          (file) =>
            !existsSync(path.join(REPOSITORY, file)) ||
            !citationsOf(file, read(file)).some((one) => one.list === list && one.number === number),
        )
        .map((file) => `${list} ${number}: ${file}`),
    )
    expect(wrong).toEqual([])
  })

  it('names every test of its folder', () => {
    const named = testsNamedIn(read(`docs/${list}.md`))
    const there = readdirSync(path.join(REPOSITORY, TESTS, list))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `${list}/${file.replace('.test.ts', '')}`)
    expect(there.filter((test) => !named.includes(test))).toEqual([])
  })
})
