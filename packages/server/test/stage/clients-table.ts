/** A reporter of vitest that prints at the end which clients ran (every-client.ts): `npm run clients`. */
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'
import './every-client.ts'

/** Empty cells are left empty. */
export interface Row {
  readonly client: string
  readonly version: string
  readonly runtime: string
  readonly result: 'ok' | 'failed' | 'skipped'
  /** What ran, by the words of its tests; of a client that failed, what did; of one that was skipped, why. */
  readonly what: string
}

/** What a row needs to know of a test. */
export interface Proof {
  readonly proves: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  /** Why it was skipped, where the test said so. */
  readonly note: string | undefined
}

export default class ClientsTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap(rowsOf)
    if (rows.length > 0) process.stdout.write(`\n${renderTable(rows)}\n`)
  }
}

function rowsOf(module: TestModule): readonly Row[] {
  const suites = [...module.children.allSuites()].flatMap((suite) => {
    const { client } = suite.meta()
    return client === undefined ? [] : [{ suite, client }]
  })
  const broken = module.errors().length > 0
  if (suites.length === 0) {
    // What failed before it could say of which client it is.
    return broken
      ? [
          {
            client: module.relativeModuleId,
            version: '',
            runtime: '',
            result: 'failed',
            what: 'the file itself',
          },
        ]
      : []
  }
  return suites.map(({ suite, client }) => ({
    client: client.client,
    version: client.version ?? '',
    runtime: client.runtime,
    ...(client.missing === undefined
      ? judge(proofsOf(suite), broken || suite.errors().length > 0)
      : { result: 'skipped', what: client.missing }),
  }))
}

const proofsOf = (suite: TestSuite): readonly Proof[] =>
  [...suite.children.allTests()].map((test: TestCase) => {
    const result = test.result()
    return {
      proves: test.meta().proves ?? test.name,
      state: result.state,
      note: result.state === 'skipped' ? result.note : undefined,
    }
  })

/** @param broken whether a hook failed, around the tests */
export function judge(proofs: readonly Proof[], broken: boolean): Pick<Row, 'result' | 'what'> {
  const of = (state: Proof['state']) => proofs.filter((proof) => proof.state === state)
  const failed = new Set(of('failed').map(({ proves }) => proves))
  const ran = new Set(of('passed').flatMap(({ proves }) => (failed.has(proves) ? [] : [proves])))
  const skipped = new Set(
    of('skipped').flatMap(({ proves, note }) =>
      failed.has(proves) || ran.has(proves) ? [] : [note === undefined ? proves : `${proves} (${note})`],
    ),
  )
  const stands = broken && failed.size === 0 ? ['failed: what its tests stand on'] : []
  const what = [...say('failed: ', failed), ...stands, ...say('', ran), ...say('skipped: ', skipped)].join(
    '; ',
  )
  if (broken || failed.size > 0) return { result: 'failed', what }
  return { result: ran.size > 0 ? 'ok' : 'skipped', what }
}

const say = (before: string, words: ReadonlySet<string>): readonly string[] =>
  words.size === 0 ? [] : [`${before}${[...words].join(', ')}`]

const COLUMNS = ['client', 'version', 'runtime', 'result', 'what'] as const

/** Columns side by side, and a last line that counts. */
export function renderTable(rows: readonly Row[]): string {
  const sorted = rows.toSorted((one, other) => one.client.localeCompare(other.client))
  const lines = [
    COLUMNS.map(String),
    ...sorted.map((row) => COLUMNS.map((column) => row[column].replaceAll(/\s+/g, ' ').trim())),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const count = (result: Row['result']) =>
    `${String(rows.filter((row) => row.result === result).length)} ${result}`
  return [
    ...lines.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
    `clients: ${count('ok')}, ${count('failed')}, ${count('skipped')}`,
    '',
  ].join('\n')
}
