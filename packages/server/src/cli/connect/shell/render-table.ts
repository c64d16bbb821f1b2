/** Rows as text, as psql prints them: a table with aligned columns, one line for each value, fields with a separator, CSV. */
import { displayWidth, expandTabs, withoutControls } from './display-width.ts'
import { isNumber, type ResultColumn, type ResultFormat, type ResultRow } from './result-format.ts'

/** A value as the lines in which it is shown. */
type Cell = readonly string[]

const cellOf = (value: string | null, nullText: string): Cell =>
  value === null ? [nullText] : withoutControls(value).split('\n').map(expandTabs)

const widthOf = (cell: Cell): number => Math.max(...cell.map(displayWidth))

/** Pads to a width in columns of the terminal. */
const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text
const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))

function centre(text: string, width: number): string {
  const room = Math.max(0, width - displayWidth(text))
  const before = Math.floor(room / 2)
  return ' '.repeat(before) + text + ' '.repeat(room - before)
}

/** Tables of one result: later batches keep at least the widths of earlier ones, so that columns do not become narrower. */
export class AlignedTable {
  readonly #columns: readonly ResultColumn[]
  readonly #format: ResultFormat
  readonly #names: readonly Cell[]
  #widths: readonly number[]

  constructor(columns: readonly ResultColumn[], format: ResultFormat) {
    this.#columns = columns
    this.#format = format
    this.#names = columns.map(({ name }) => cellOf(name, ''))
    this.#widths = this.#names.map((name) => (format.tuplesOnly ? 0 : widthOf(name)))
  }

  /** How wide a row would be with these rows as well; names included. */
  widthWith(rows: readonly ResultRow[]): number {
    const widths = this.#widened(rows.map((row) => this.#cells(row)))
    return widths.reduce((sum, width) => sum + width + 3, -1)
  }

  header(rows: readonly ResultRow[]): string {
    this.#widths = this.#widened(rows.map((row) => this.#cells(row)))
    if (this.#format.tuplesOnly) return ''
    const names = this.#lines(this.#names, (text, width) => centre(text, width), true)
    const rule = this.#widths.map((width) => '-'.repeat(width + 2)).join('+')
    return `${names}${rule}\n`
  }

  rows(rows: readonly ResultRow[]): string {
    const cells = rows.map((row) => this.#cells(row))
    this.#widths = this.#widened(cells)
    return cells
      .map((row) =>
        this.#lines(
          row,
          (text, width, column) => (isNumber(column) ? padStart(text, width) : padEnd(text, width)),
          false,
        ),
      )
      .join('')
  }

  #cells(row: ResultRow): readonly Cell[] {
    return row.map((value) => cellOf(value, this.#format.nullText))
  }

  #widened(rows: readonly (readonly Cell[])[]): readonly number[] {
    const widths = [...this.#widths]
    for (const row of rows)
      for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
    return widths
  }

  /** @param isPadded whether the last column is filled up, as in the line of names */
  #lines(
    cells: readonly Cell[],
    align: (text: string, width: number, column: ResultColumn) => string,
    isPadded: boolean,
  ): string {
    const height = Math.max(1, ...cells.map(({ length }) => length))
    let text = ''
    for (let line = 0; line < height; line += 1) {
      const parts = this.#columns.map((column, index) => {
        const cell = cells[index] ?? ['']
        // A + says that the value goes on in the next line.
        const goesOn = line < cell.length - 1 ? '+' : ' '
        return ` ${align(cell[line] ?? '', this.#widths[index] ?? 0, column)}${goesOn}`
      })
      const joined = parts.join('|')
      text += `${isPadded ? joined : joined.trimEnd()}\n`
    }
    return text
  }
}

/** `-[ RECORD 1 ]`, and a line for each value. */
export function renderRecords(
  columns: readonly ResultColumn[],
  rows: readonly ResultRow[],
  format: ResultFormat,
  first: number,
): string {
  const names = columns.map(({ name }) => withoutControls(name).replaceAll('\n', ' '))
  const nameWidth = Math.max(0, ...names.map(displayWidth))
  const cells = rows.map((row) => row.map((value) => cellOf(value, format.nullText)))
  const valueWidth = Math.max(0, ...cells.flat().map(widthOf))
  return cells
    .map((row, index) => {
      const title = format.tuplesOnly ? '' : `${ruleOf(first + index, nameWidth, valueWidth)}\n`
      const lines = row.flatMap((cell, column) =>
        cell.map((line, at) => {
          const name = padEnd(at === 0 ? (names[column] ?? '') : '', nameWidth)
          const goesOn = at < cell.length - 1 ? '+' : ''
          return `${name} | ${goesOn === '' ? line : padEnd(line, valueWidth)}${goesOn}`.trimEnd() + '\n'
        }),
      )
      return title + lines.join('') + (format.tuplesOnly ? '\n' : '')
    })
    .join('')
}

function ruleOf(record: number, nameWidth: number, valueWidth: number): string {
  const title = `-[ RECORD ${String(record)} ]`
  const rule = `${'-'.repeat(nameWidth + 1)}+${'-'.repeat(valueWidth + 1)}`
  return title + rule.slice(title.length)
}

export const renderUnaligned = (rows: readonly ResultRow[], { nullText }: ResultFormat): string =>
  rows.map((row) => `${row.map((value) => value ?? nullText).join('|')}\n`).join('')

/** RFC 4180, with the line ends of this system, as `psql --csv` does it. */
export const renderCsv = (rows: readonly ResultRow[], { nullText }: ResultFormat): string =>
  rows
    .map(
      (row) =>
        `${row.map((value) => (value === null ? nullText : /[",\r\n]|^\\\.$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`,
    )
    .join('')
