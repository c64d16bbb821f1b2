/**
 * One row of the grid, and the column headers. The first column stays in view; of the others only visible ones are
 * rendered.
 */
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { memo, type ReactNode } from 'react'
import { classes } from '../../../kit/classes.ts'
import { messages } from '../../../messages/index.ts'
import { formatBytes } from '../../../text/format.ts'
import { bytesOfHex, isCut, OID } from '../values/cell-text.ts'
import type { GridPlace } from './grid-keys.ts'
import styles from './grid.module.css'

interface InSight {
  readonly index: number
  readonly start: number
}

export interface GridHeadProps {
  readonly id: string
  readonly columns: readonly SqlColumn[]
  readonly widths: readonly number[]
  readonly inSight: readonly InSight[]
  readonly width: number
  readonly place: GridPlace
}

/** Further characters of a line are never visible. */
const LONGEST_SHOWN = 300

export function GridHead({ id, columns, widths, inSight, width, place }: GridHeadProps) {
  const head = (index: number, start?: number) => {
    const column = columns[index]
    if (column === undefined) return null
    return (
      <div
        key={index}
        id={`${id}--1-${String(index)}`}
        role="columnheader"
        aria-colindex={index + 1}
        className={classes(
          styles['cell'],
          styles['columnHead'],
          start === undefined && styles['first'],
          column.align === 'right' && styles['right'],
          place.row === -1 && place.column === index && styles['active'],
        )}
        style={start === undefined ? { width: widths[index] } : { width: widths[index], left: start }}
      >
        <bdi className={styles['name']}>{column.name}</bdi>{' '}
        <span className={styles['type']}>{column.type}</span>
      </div>
    )
  }
  return (
    <div role="rowgroup" className={styles['head']} style={{ width }}>
      <div role="row" aria-rowindex={1} className={styles['headRow']}>
        {head(0)}
        {inSight.map(({ index, start }) => head(index, start))}
      </div>
    </div>
  )
}

export interface GridRowProps {
  readonly id: string
  readonly index: number
  readonly start: number
  readonly height: number
  readonly row: readonly SqlCell[]
  readonly columns: readonly SqlColumn[]
  readonly widths: readonly number[]
  readonly inSight: readonly InSight[]
  readonly isChosen: boolean
  readonly activeColumn: number | undefined
}

export const GridRow = memo(function GridRow(props: GridRowProps) {
  const { id, index, start, height, row, columns, widths, inSight, isChosen, activeColumn } = props
  const cell = (column: number, left?: number) => (
    <div
      key={column}
      id={`${id}-${String(index)}-${String(column)}`}
      role="gridcell"
      aria-colindex={column + 1}
      data-row={index}
      data-column={column}
      className={classes(
        styles['cell'],
        left === undefined && styles['first'],
        columns[column]?.align === 'right' && styles['right'],
        activeColumn === column && styles['active'],
      )}
      style={left === undefined ? { width: widths[column] } : { width: widths[column], left }}
    >
      <CellContent cell={row[column] ?? null} oid={columns[column]?.type_oid ?? 0} />
    </div>
  )
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={classes(styles['row'], isChosen && styles['chosen'])}
      style={{ height, transform: `translateY(${String(start)}px)` }}
    >
      {columns.length > 0 && cell(0)}
      {inSight.map((column) => cell(column.index, column.start))}
    </div>
  )
})

function CellContent({ cell, oid }: { readonly cell: SqlCell; readonly oid: number }): ReactNode {
  if (cell === null) return <span className={styles['null']}>{messages.sql.grid.null}</span>
  if (cell === '') return <span className={styles['null']}>{messages.sql.grid.empty}</span>
  const text = isCut(cell) ? cell.beginning : cell
  const bytes = oid === OID.bytea ? bytesOfHex(cell) : isCut(cell) ? cell.bytes : undefined
  return (
    <>
      <bdi className={styles['value']}>{text.slice(0, LONGEST_SHOWN)}</bdi>
      {bytes !== undefined && <span className={styles['bytes']}>{formatBytes(bytes)}</span>}
    </>
  )
}
