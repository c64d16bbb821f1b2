/** Tables for people: one line for each thing, columns as wide as their widest cell, two spaces between them. */
import type { Colours } from './colours.ts'
import { printable } from './printable.ts'
import { paddingOf, widthOf } from './width.ts'

export interface Column<Row> {
  readonly title: string
  /** Undefined where there is nothing to say; shown as `-`. */
  readonly of: (row: Row) => string | undefined
  readonly colour?: keyof Colours | ((row: Row) => keyof Colours | undefined) | undefined
}

const GAP = '  '

/** @returns the header and a line for each row, each with its end; whatever the cells contain, a row is one line */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colours: Colours,
): string {
  const cells = rows.map((row) =>
    columns.map((column) => ({ text: cellOf(row, column), colour: colourOf(row, column) })),
  )
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[index]?.text ?? ''))),
  )
  const header = columns.map(({ title }) => ({ text: title, colour: 'blue' as const }))
  return [header, ...cells]
    .map((line) => {
      // What follows the last cell would only be trailing spaces.
      const last = line.length - 1
      return `${line
        .map(({ text, colour }, index) => {
          const padding = index === last ? '' : paddingOf(text, widths[index] ?? 0)
          return `${colour === undefined ? text : colours[colour](text)}${padding}`
        })
        .join(GAP)}\n`
    })
    .join('')
}

/** The fields of one thing, a line for each; those that are undefined are left out. */
export function renderFields(
  fields: readonly (readonly [title: string, value: string | undefined])[],
  colours: Colours,
): string {
  const known = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  const width = Math.max(0, ...known.map(([title]) => widthOf(title)))
  return known
    .map(([title, value]) => {
      const lines = value.replace(/\n$/, '').split('\n').map(printable)
      const indentation = ' '.repeat(width + GAP.length)
      return `${colours.blue(title)}${paddingOf(title, width)}${GAP}${lines.join(`\n${indentation}`)}\n`
    })
    .join('')
}

function cellOf<Row>(row: Row, { of }: Column<Row>): string {
  const text = of(row)
  return text === undefined || text === '' ? '-' : printable(text)
}

const colourOf = <Row>(row: Row, { colour }: Column<Row>): keyof Colours | undefined =>
  typeof colour === 'function' ? colour(row) : colour
