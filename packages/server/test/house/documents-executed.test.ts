/**
 * Every command that a document tells is run by a test: each fenced block that a reader would run, or put into a file, names
 * the test, and that test reads the blocks of this document by stage/document.ts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, type Block } from '../stage/document.ts'
import { REPOSITORY } from './sources.ts'

const THIS = 'packages/server/test/house/documents-executed.test.ts'

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...['client', 'server', 'sql-text'].map((folder) => `packages/${folder}/README.md`),
  ...readdirSync(path.join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

/** What is shown, and is not for anybody to run: output, plans, lines of files of others. */
const SHOWN = ['text']

/** Everything that no test runs, and why; the words stand before the block as well. */
const NOT_RUN: readonly (readonly [document: string, reason: string])[] = [
  [
    'docs/identities.md',
    'the Databricks CLI is in no package that tests may install; its login is test/clients/databricks-u2m.test.ts',
  ],
  [
    'docs/clients/databricks-cli.md',
    'the Databricks CLI is in no package that tests may install; its login is test/clients/databricks-u2m.test.ts',
  ],
  [
    'docs/clients/README.md',
    'a person allows the code in a browser, over HTTPS; libpq 18 itself is test/behaviours/24-bearer-tokens.test.ts',
  ],
]

/** @returns what is wrong with it, if anything */
function judge(document: string, { language, line, runBy, notRun }: Block): readonly string[] {
  const where = `${document}:${String(line)}`
  if (language === '') return [`${where}: a block without a language; what nobody runs is text`]
  if (SHOWN.includes(language)) return []
  if (notRun !== undefined)
    return NOT_RUN.some(([of, reason]) => of === document && reason === notRun)
      ? []
      : [`${where}: not run for a reason that is not in the table of ${THIS}`]
  if (runBy === undefined)
    return [`${where}: no test runs this; put <!-- run by: packages/server/test/… --> before it`]
  const reads = readTest(runBy)?.includes(`'${document}'`) === true
  return reads ? [] : [`${where}: ${runBy} is not there, or does not read ${document}`]
}

function readTest(file: string): string | undefined {
  try {
    return readFileSync(path.join(REPOSITORY, file), 'utf8')
  } catch {
    return undefined
  }
}

describe('what documents tell', () => {
  it('is run by tests', () => {
    expect(
      DOCUMENTS.flatMap((document) => blocksOf(document).flatMap((one) => judge(document, one))),
    ).toEqual([])
  })

  it('is left out only where the table says so', () => {
    const found = DOCUMENTS.flatMap((document) =>
      blocksOf(document).flatMap(({ notRun }) => (notRun === undefined ? [] : [`${document}: ${notRun}`])),
    )
    expect(new Set(found)).toEqual(new Set(NOT_RUN.map(([document, reason]) => `${document}: ${reason}`)))
  })

  const block = { language: 'sh', text: 'x\n', line: 7, runBy: undefined, notRun: undefined }
  it.each([
    [{}, 'no test runs this'],
    [{ runBy: 'packages/server/test/gone.test.ts' }, 'is not there'],
    [{ runBy: 'packages/server/test/house/imports.test.ts' }, 'does not read docs/x.md'],
    [{ notRun: 'it is too long' }, 'a reason that is not in the table'],
    [{ language: '' }, 'without a language'],
    [{ language: 'sql' }, 'no test runs this'],
  ])('is found when it is not: %j', (how, words) => {
    expect(judge('docs/x.md', { ...block, ...how })).toEqual([expect.stringContaining(words)])
  })
})

describe('commands of npm', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  /** In all text: also in a sentence. */
  const named = DOCUMENTS.flatMap((document) =>
    [...(readTest(document) ?? '').matchAll(/(?:^|`|&& )npm (?:run (?:--silent )?)?([a-z][a-z:-]*)/gm)].map(
      ([, script = '']) => script,
    ),
  )

  it('are those of npm itself and of package.json', () => {
    const ofNpm = ['ci', 'install']
    expect(named.filter((name) => !(name in scripts) && !ofNpm.includes(name))).toEqual([])
  })

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/developing.md'])(
    'in %s are whole lines of such',
    (document) => {
      const lines = blocksOf(document)
        .filter(({ runBy }) => runBy === THIS)
        .flatMap(({ text }) => text.trim().split('\n'))
      for (const line of lines)
        expect(line).toMatch(/^npm (?:ci|test|start|run \S+)(?: && npm (?:start|test))?(?: +#.*)?$/)
      expect(lines).not.toEqual([])
    },
  )
})
