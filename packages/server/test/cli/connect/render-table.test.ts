/** Results as psql prints them. */
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_FORMAT,
  type ResultColumn,
  type ResultFormat,
  type ResultRow,
} from '../../../src/cli/connect/shell/result-format.ts'
import { ResultPrinter } from '../../../src/cli/connect/shell/result-printer.ts'

const [INT4, TEXT] = [23, 25]
const COLUMNS: readonly ResultColumn[] = [
  { name: 'id', type: INT4 },
  { name: 'name', type: TEXT },
]

async function print(
  rows: readonly ResultRow[],
  format: Partial<ResultFormat> = {},
  columns = COLUMNS,
  width?: number,
): Promise<string> {
  let printed = ''
  const printer = new ResultPrinter(
    columns,
    { ...DEFAULT_FORMAT, ...format },
    {
      columns: width,
      write: (text) => {
        printed += text
        return undefined
      },
    },
  )
  for (const row of rows) await printer.row(row)
  await printer.end()
  return printed
}

describe('a result', () => {
  it('without rows has the names of its columns', async () => {
    await expect(print([])).resolves.toBe(' id | name \n----+------\n(0 rows)\n\n')
    await expect(print([], { expanded: 'on' })).resolves.toContain('(0 rows)')
  })

  it('without columns is counted', async () => {
    await expect(print([[], []], {}, [])).resolves.toMatch(/\(2 rows\)\n\n$/)
  })

  it('has numbers at the right and texts at the left', async () => {
    await expect(
      print([
        ['1', 'a'],
        ['100', null],
      ]),
    ).resolves.toBe(' id  | name \n-----+------\n   1 | a\n 100 |\n(2 rows)\n\n')
  })

  it('is CSV by the rules of RFC 4180', async () => {
    await expect(
      print(
        [
          ['1', 'say "hi", you'],
          ['2', null],
          ['3', 'two\nlines'],
        ],
        { layout: 'csv' },
      ),
    ).resolves.toBe('id,name\n1,"say ""hi"", you"\n2,\n3,"two\nlines"\n')
  })

  it('goes on with the numbers of its records from batch to batch', async () => {
    const rows = Array.from({ length: 2_500 }, (_, index): ResultRow => [String(index), 'x'])
    const printed = await print(rows, { expanded: 'on' })
    expect(printed).toContain('-[ RECORD 1001 ]')
    expect(printed.match(/-\[ RECORD/g)).toHaveLength(2_500)
  })

  it('keeps its columns at least as wide as in earlier batches', async () => {
    const rows = Array.from({ length: 1_001 }, (_, index): ResultRow => [
      '1',
      index === 0 ? 'wide value' : 'x',
    ])
    const lines = (await print([...rows, ['12345', 'x']])).split('\n')
    expect(lines.at(-4)).toBe(' 12345 | x')
    expect(lines.at(-5)).toBe('     1 | x')
  })

  it('turns into records by itself when a row is wider than the terminal', async () => {
    const rows: ResultRow[] = [['1', 'x'.repeat(50)]]
    await expect(print(rows, { expanded: 'auto' }, COLUMNS, 40)).resolves.toContain('RECORD 1')
    await expect(print(rows, { expanded: 'auto' }, COLUMNS, 80)).resolves.not.toContain('RECORD 1')
  })
})
