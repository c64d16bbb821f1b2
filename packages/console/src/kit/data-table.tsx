/**
 * The list of a page: a grid for keyboard and screen readers, sorted by its column headers, virtualised when it is
 * long; cards on a phone. The first column is the name of the row (its row header, and usually a link); actions are in
 * a last column of their own.
 */
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useMemo, useState, type ReactElement, type ReactNode } from 'react'
import {
  Cell,
  Column as AriaColumn,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLayout,
  Virtualizer,
  type Selection,
  type SortDescriptor,
} from 'react-aria-components'
import { messages } from '../messages/index.ts'
import { Button } from './button.tsx'
import { Checkbox } from './choice.tsx'
import { classes } from './classes.ts'
import styles from './data-table.module.css'
import { useIsPhone } from './use-is-phone.ts'
import { useStableOrder } from './use-stable-order.ts'

export interface Column<Item> {
  readonly id: string
  readonly title: string
  readonly render: (item: Item) => ReactNode
  /** The value to sort by; a column without it cannot be sorted. */
  readonly sortBy?: (item: Item) => string | number
  readonly isNumeric?: boolean
  /** Always visible on a phone's card; other columns are behind «Details». By default the first three. */
  readonly isOnCard?: boolean
  /** In pixels; used when the table is virtualised. */
  readonly width?: number
}

export interface DataTableProps<Item> {
  /** The name of the table for readers. */
  readonly label: string
  readonly items: readonly Item[]
  readonly columns: readonly Column<Item>[]
  readonly keyOf: (item: Item) => string
  /** The name of the row, for its checkbox and menu. */
  readonly nameOf: (item: Item) => string
  readonly actionsOf?: (item: Item) => ReactNode
  readonly empty: ReactNode
  readonly selected?: ReadonlySet<string>
  readonly onSelect?: (keys: ReadonlySet<string>) => void
  readonly sort?: SortDescriptor
  readonly onOpen?: (item: Item) => void
  /** Called with the order that the person chose, to keep it in the URL. */
  readonly onSort?: (sort: SortDescriptor) => void
  /** A separate line below the row: what is wrong with it. */
  readonly noteOf?: (item: Item) => ReactNode
  /** The pointer or the focus is within the rows: they keep their positions, and new ones are added at the end. */
  readonly isFrozen?: boolean
}

/** From this number of rows on, only those in view are rendered. */
const VIRTUAL_FROM = 200
/**
 * The table is rendered again with each key in a filter, and each row costs time: of very long lists only the first
 * rows are shown, and more on request.
 */
const ROWS_AT_ONCE = 300
const ROW_HEIGHT = 36
const ACTIONS = 'actions'

export function DataTable<Item>(props: DataTableProps<Item>) {
  const { items, columns, sort, keyOf, isFrozen = false } = props
  const isPhone = useIsPhone()
  const [order, setOrder] = useState<SortDescriptor | undefined>(sort)
  const choose = (chosen: SortDescriptor) => {
    setOrder(chosen)
    props.onSort?.(chosen)
  }
  const inOrder = useMemo(() => sortItems(items, columns, order), [items, columns, order])
  const sorted = useStableOrder(inOrder, keyOf, isFrozen, order)
  const [most, setMost] = useState(ROWS_AT_ONCE)
  const shown = useMemo(() => sorted.slice(0, most), [sorted, most])
  if (items.length === 0) return <>{props.empty}</>
  const isVirtual = shown.length > VIRTUAL_FROM
  return (
    <>
      {isPhone ? (
        <Cards {...props} items={shown} />
      ) : (
        <Framed isVirtual={isVirtual}>
          <Grid {...props} items={shown} order={order} onOrder={choose} isVirtual={isVirtual} />
        </Framed>
      )}
      {shown.length < sorted.length && (
        <div className={styles['rest']}>
          {messages.kit.firstRows(shown.length, sorted.length)}
          <Button isSmall onPress={() => setMost(most + ROWS_AT_ONCE)}>
            {messages.kit.showMoreRows}
          </Button>
        </div>
      )}
    </>
  )
}

function Framed({ isVirtual, children }: { readonly isVirtual: boolean; readonly children: ReactElement }) {
  return isVirtual ? (
    <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight: ROW_HEIGHT, headingHeight: ROW_HEIGHT }}>
      {children}
    </Virtualizer>
  ) : (
    <div className={styles['wrap']}>{children}</div>
  )
}

interface GridProps<Item> extends DataTableProps<Item> {
  readonly order: SortDescriptor | undefined
  readonly onOrder: (order: SortDescriptor) => void
  readonly isVirtual: boolean
}

function Grid<Item>({
  label,
  items,
  columns,
  keyOf,
  nameOf,
  actionsOf,
  selected,
  onSelect,
  onOpen,
  noteOf,
  order,
  onOrder,
  isVirtual,
}: GridProps<Item>) {
  const selects = onSelect !== undefined
  return (
    <Table
      aria-label={label}
      className={classes(isVirtual ? styles['virtual'] : styles['table'], isVirtual && styles['table'])}
      selectionMode={selects ? 'multiple' : 'none'}
      {...(selects ? { selectedKeys: selected ?? new Set<string>() } : {})}
      onSelectionChange={(selection: Selection) =>
        onSelect?.(selection === 'all' ? new Set(items.map(keyOf)) : new Set([...selection].map(String)))
      }
      {...(order === undefined ? {} : { sortDescriptor: order })}
      onSortChange={onOrder}
      onRowAction={(key) => {
        const item = items.find((candidate) =>
          [keyOf(candidate), `${keyOf(candidate)} note`].includes(String(key)),
        )
        if (item !== undefined) onOpen?.(item)
      }}
    >
      <TableHeader>
        {selects && (
          <AriaColumn width={44} minWidth={44}>
            <Checkbox slot="selection" />
          </AriaColumn>
        )}
        {columns.map((column, index) => (
          <AriaColumn
            key={column.id}
            id={column.id}
            isRowHeader={index === 0}
            allowsSorting={column.sortBy !== undefined}
            className={classes(column.isNumeric === true && styles['end'])}
            {...(column.width === undefined ? {} : { width: column.width })}
          >
            {({ sortDirection }) => (
              <span className={styles['sort']}>
                {column.title}
                {sortDirection === 'ascending' && <IconArrowUp size={14} aria-hidden />}
                {sortDirection === 'descending' && <IconArrowDown size={14} aria-hidden />}
              </span>
            )}
          </AriaColumn>
        ))}
        {actionsOf !== undefined && (
          <AriaColumn id={ACTIONS} width={60} className={styles['actions'] ?? ''}>
            <span className="visually-hidden">{messages.app.more}</span>
          </AriaColumn>
        )}
      </TableHeader>
      <TableBody items={withNotes(items, keyOf, noteOf)} dependencies={[columns, actionsOf, noteOf]}>
        {({ item, note }) =>
          note !== undefined ? (
            <Row textValue={nameOf(item)} className={styles['noteRow'] ?? ''}>
              <Cell colSpan={columns.length + (selects ? 1 : 0) + (actionsOf === undefined ? 0 : 1)}>
                {note}
              </Cell>
            </Row>
          ) : (
            <Row textValue={nameOf(item)}>
              {selects && (
                <Cell>
                  <Checkbox slot="selection" aria-label={messages.kit.selectRow(nameOf(item))} />
                </Cell>
              )}
              {columns.map((column) => (
                <Cell key={column.id} className={classes(column.isNumeric === true && styles['end'])}>
                  {titled(orNone(column.render(item)))}
                </Cell>
              ))}
              {actionsOf !== undefined && (
                <Cell className={classes(styles['end'], styles['actions'])}>
                  <div className={styles['actionList']}>{actionsOf(item)}</div>
                </Cell>
              )}
            </Row>
          )
        }
      </TableBody>
    </Table>
  )
}

interface TableRow<Item> {
  readonly id: string
  readonly item: Item
  readonly note?: ReactNode
}

function withNotes<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  noteOf: ((item: Item) => ReactNode) | undefined,
): readonly TableRow<Item>[] {
  return items.flatMap((item) => {
    const note = noteOf?.(item)
    const row = { id: keyOf(item), item }
    return note === undefined || note === null ? [row] : [row, { id: `${row.id} note`, item, note }]
  })
}

/** An empty cell is shown as a dash, and read out as «none». */
export const orNone = (content: ReactNode): ReactNode =>
  content === undefined || content === null || content === '' ? (
    <span>
      <span aria-hidden>–</span>
      <span className="visually-hidden">{messages.kit.none}</span>
    </span>
  ) : (
    content
  )

/** A cell truncates long content; for plain text, its title shows the whole. */
const titled = (content: ReactNode): ReactNode =>
  typeof content === 'string' ? <span title={content}>{content}</span> : content

function Cards<Item>({ label, items, columns, keyOf, actionsOf, noteOf }: DataTableProps<Item>) {
  const [first, ...others] = columns
  const chosen = others.some(({ isOnCard }) => isOnCard !== undefined)
    ? others.filter(({ isOnCard }) => isOnCard === true)
    : others.slice(0, 3)
  const rest = others.filter((column) => !chosen.includes(column))
  const field = (column: Column<Item>, item: Item) => (
    <div key={column.id} className={styles['cardField']}>
      <span className={styles['cardLabel']}>{column.title}</span>
      {orNone(column.render(item))}
    </div>
  )
  return (
    <ul className={styles['cards']} aria-label={label}>
      {items.map((item) => (
        <li key={keyOf(item)} className={styles['cardRow']}>
          <div className={styles['cardHead']}>
            {first?.render(item)}
            {actionsOf !== undefined && <div className={styles['actionList']}>{actionsOf(item)}</div>}
          </div>
          {noteOf?.(item)}
          {chosen.map((column) => field(column, item))}
          {rest.length > 0 && (
            <details>
              <summary>{messages.kit.details}</summary>
              {rest.map((column) => field(column, item))}
            </details>
          )}
        </li>
      ))}
    </ul>
  )
}

function sortItems<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
  order: SortDescriptor | undefined,
): readonly Item[] {
  const by = columns.find(({ id }) => id === order?.column)?.sortBy
  if (by === undefined || order === undefined) return items
  const sign = order.direction === 'descending' ? -1 : 1
  const collator = new Intl.Collator(undefined, { numeric: true })
  return [...items].sort((one, other) => {
    const [a, b] = [by(one), by(other)]
    const difference =
      typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
    return sign * difference
  })
}
