/**
 * Prints one result while its rows arrive: widths are those of the first batch, and later batches only widen them, so that a
 * result of any size takes the memory of one batch.
 */
import { AlignedTable, renderCsv, renderRecords, renderUnaligned } from './render-table.ts'
import type { ResultColumn, ResultFormat, ResultRow } from './result-format.ts'

export interface TextOutput {
  /** Undefined for what is not a terminal. */
  readonly columns: number | undefined
  /** @returns a promise when the reader is slower than the writer; resolved when it takes more */
  write(text: string): Promise<void> | undefined
}

const BATCH_ROWS = 1_000
const BATCH_CHARACTERS = 1024 * 1024

export class ResultPrinter {
  readonly #columns: readonly ResultColumn[]
  readonly #format: ResultFormat
  readonly #output: TextOutput
  readonly #table: AlignedTable
  #batch: ResultRow[] = []
  #batchCharacters = 0
  #printed = 0
  /** Decided by the first batch. */
  #isExpanded: boolean | undefined

  constructor(columns: readonly ResultColumn[], format: ResultFormat, output: TextOutput) {
    this.#columns = columns
    this.#format = format
    this.#output = output
    this.#table = new AlignedTable(columns, format)
  }

  get count(): number {
    return this.#printed + this.#batch.length
  }

  /** @returns a promise when no further row should be read for now */
  row(values: ResultRow): Promise<void> | undefined {
    this.#batch.push(values)
    for (const value of values) this.#batchCharacters += value?.length ?? 0
    if (this.#batch.length < BATCH_ROWS && this.#batchCharacters < BATCH_CHARACTERS) return undefined
    return this.#flush()
  }

  async end(): Promise<void> {
    await this.#flush(true)
    const { layout, tuplesOnly } = this.#format
    if (layout === 'csv') return
    const isOfRecords = this.#isExpanded === true && this.#printed > 0
    const rows = this.#printed === 1 ? '(1 row)' : `(${String(this.#printed)} rows)`
    const footer = tuplesOnly || isOfRecords ? '' : `${rows}\n`
    // In a list without titles every record is already followed by a blank line.
    const blank = layout === 'aligned' && !(tuplesOnly && isOfRecords) ? '\n' : ''
    await this.#output.write(footer + blank)
  }

  /** @param isLast also prints the names of a result without rows */
  #flush(isLast = false): Promise<void> | undefined {
    const rows = this.#batch
    this.#batch = []
    this.#batchCharacters = 0
    if (rows.length === 0 && !(isLast && this.#printed === 0)) return undefined
    const isFirst = this.#printed === 0
    const first = this.#printed + 1
    this.#printed += rows.length
    return this.#output.write(this.#render(rows, isFirst, first))
  }

  #render(rows: readonly ResultRow[], isFirst: boolean, first: number): string {
    const names = () => [this.#columns.map(({ name }) => name)]
    const withNames = isFirst && !this.#format.tuplesOnly
    switch (this.#format.layout) {
      case 'csv':
        return (withNames ? renderCsv(names(), this.#format) : '') + renderCsv(rows, this.#format)
      case 'unaligned':
        return (withNames ? renderUnaligned(names(), this.#format) : '') + renderUnaligned(rows, this.#format)
      case 'aligned':
        this.#isExpanded ??= this.#decideExpanded(rows)
        if (this.#isExpanded && (rows.length > 0 || !isFirst))
          return renderRecords(this.#columns, rows, this.#format, first)
        return (isFirst ? this.#table.header(rows) : '') + this.#table.rows(rows)
    }
  }

  #decideExpanded(rows: readonly ResultRow[]): boolean {
    const { expanded } = this.#format
    if (expanded !== 'auto') return expanded === 'on' && rows.length > 0
    const room = this.#output.columns
    return room !== undefined && rows.length > 0 && this.#table.widthWith(rows) > room
  }
}
