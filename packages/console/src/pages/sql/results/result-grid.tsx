/** The rows of a result as a grid with a single tab stop; only visible rows are in the document. */
import type { SqlCell, SqlColumn } from '@lakegate/client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import { showFlag } from '../../../kit/flags.tsx'
import { messages } from '../../../messages/index.ts'
import { cellText } from '../values/cell-text.ts'
import { toTabs } from '../values/result-files.ts'
import { columnWidths } from './column-widths.ts'
import { moveInGrid, type GridPlace } from './grid-keys.ts'
import { GridHead, GridRow } from './grid-row.tsx'
import styles from './grid.module.css'

export interface ResultGridProps {
  readonly label: string
  readonly columns: readonly SqlColumn[]
  /** Grows in place; `rowCount` says how many there are. */
  readonly rows: readonly (readonly SqlCell[])[]
  readonly rowCount: number
  /** It is not known how many rows there are in all. */
  readonly hasMore: boolean
  readonly onOpenCell: (place: GridPlace) => void
}

const OVERSCAN = 12
const MANY_COLUMNS = 4

/** Rows of a result are compact, as in psql; the person's density setting and a touch screen change that. */
function rowHeight(): number {
  const value = getComputedStyle(document.documentElement).getPropertyValue('--grid-row-height')
  const rems = Number.parseFloat(value)
  const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  return Number.isFinite(rems) && Number.isFinite(root) ? rems * root : 28
}

export function ResultGrid({ label, columns, rows, rowCount, hasMore, onOpenCell }: ResultGridProps) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<GridPlace>({ row: 0, column: 0 })
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const height = useMemo(rowHeight, [])
  const sampled = Math.min(rowCount, 100)
  // Measured again while the first rows arrive, then kept: columns that jump while one reads are worse than truncated
  // cells.
  const widths = useMemo(() => columnWidths(columns, rows.slice(0, sampled)), [columns, rows, sampled])
  const rowsInSight = useVirtualizer({
    count: rowCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollPaddingStart: height,
  })
  const columnsInSight = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widths[index] ?? 120,
    overscan: MANY_COLUMNS,
    scrollPaddingStart: widths[0] ?? 0,
  })
  useEffect(() => columnsInSight.measure(), [widths, columnsInSight])

  const go = (next: GridPlace) => {
    setPlace(next)
    if (next.row >= 0) rowsInSight.scrollToIndex(next.row)
    if (next.column > 0) columnsInSight.scrollToIndex(next.column)
    else scroller.current?.scrollTo({ left: 0 })
  }
  const choose = (row: number) => {
    const next = new Set(chosen)
    if (!next.delete(row)) next.add(row)
    setChosen(next)
  }
  const copy = async () => {
    const picked = [...chosen].sort((one, other) => one - other).map((row) => rows[row] ?? [])
    const text =
      picked.length > 0
        ? toTabs(picked)
        : place.row < 0
          ? (columns[place.column]?.name ?? '')
          : cellText(rows[place.row]?.[place.column])
    try {
      await navigator.clipboard.writeText(text)
      showFlag({
        text: picked.length > 0 ? messages.sql.grid.rowsCopied(picked.length) : messages.sql.grid.cellCopied,
      })
    } catch {
      showFlag({ text: messages.kit.copyByHand })
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 2)
    const moved = moveInGrid(place, event, { rows: rowCount, columns: columns.length, page })
    if (moved !== undefined) go(moved)
    else if (event.key === 'Enter' && place.row >= 0) onOpenCell(place)
    else if (event.key === ' ' && place.row >= 0) choose(place.row)
    else if (event.key === 'Escape' && chosen.size > 0) setChosen(new Set())
    else if (event.key.toLowerCase() === 'c' && (event.ctrlKey || event.metaKey)) void copy()
    else return
    event.preventDefault()
  }
  const onPress = (event: MouseEvent) => {
    const cell = event.target instanceof Element ? event.target.closest('[role="gridcell"]') : null
    if (!(cell instanceof HTMLElement)) return
    const pressed = { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) }
    const opens = event.detail > 1 || matchMedia('(pointer: coarse)').matches
    setPlace(pressed)
    if (opens) onOpenCell(pressed)
  }
  const inSight = columnsInSight.getVirtualItems().filter(({ index }) => index > 0)
  const width = columnsInSight.getTotalSize()
  return (
    <div
      ref={scroller}
      className={styles['scroller']}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={hasMore ? -1 : rowCount + 1}
      aria-colcount={columns.length}
      aria-multiselectable
      aria-activedescendant={
        columns.length === 0 ? undefined : `${id}-${String(place.row)}-${String(place.column)}`
      }
      aria-description={messages.sql.grid.help}
      onKeyDown={onKeyDown}
      onClick={onPress}
      data-result-grid
    >
      <GridHead id={id} columns={columns} widths={widths} inSight={inSight} width={width} place={place} />
      <div role="rowgroup" className={styles['body']} style={{ height: rowsInSight.getTotalSize(), width }}>
        {rowsInSight.getVirtualItems().map(({ index, start }) => (
          <GridRow
            key={index}
            id={id}
            index={index}
            start={start}
            height={height}
            row={rows[index] ?? []}
            columns={columns}
            widths={widths}
            inSight={inSight}
            isChosen={chosen.has(index)}
            activeColumn={place.row === index ? place.column : undefined}
          />
        ))}
      </div>
    </div>
  )
}
