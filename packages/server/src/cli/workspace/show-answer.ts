/** What of an answer is shown to people: columns of a list, the fields of one thing; and what `--quiet` prints. */
import type { Output } from '../output/output.ts'
import type { Column } from '../output/table.ts'
import type { Answer, FieldColumn } from './operation.ts'

type Shown = Exclude<Answer, { readonly kind: 'nothing' }>

export function showList(
  items: readonly unknown[],
  answer: Extract<Answer, { readonly kind: 'list' }>,
  output: Output,
): void {
  output.showList(items, {
    columns: answer.columns.map(columnOf),
    name: nameOf(answer),
    isTableEverywhere: answer.isTableEverywhere === true,
  })
}

export function showItem(
  item: unknown,
  answer: Extract<Answer, { readonly kind: 'item' }>,
  output: Output,
): void {
  output.showItem(item, {
    fields: fieldsOf,
    name: nameOf(answer),
    isTableEverywhere: answer.isTableEverywhere === true,
  })
}

const nameOf =
  ({ quiet }: Shown) =>
  (item: unknown): string =>
    valuesAt(item, quiet).map(textOf).join('\n')

const columnOf = ({ title, field, colour, show }: FieldColumn): Column<unknown> => ({
  title,
  of: (item) => {
    const values = valuesAt(item, field)
    if (show === 'activity') return values[0] === true ? 'ACTIVE' : 'DISABLED'
    if (show === 'milliseconds') return values.map(timeOf).join(' ')
    return valuesAt(item, show === 'displays' ? `${field}.display` : field)
      .map(textOf)
      .join(' ')
  },
  ...(show === 'activity'
    ? { colour: (item: unknown) => (valuesAt(item, field)[0] === true ? ('green' as const) : ('red' as const)) }
    : { colour }),
})

/** -1 is a token that does not expire. */
const timeOf = (milliseconds: unknown): string =>
  typeof milliseconds === 'number' && milliseconds >= 0 ? new Date(milliseconds).toISOString() : 'never'

/** Names and values at the top; what is deeper is JSON in one line. */
function fieldsOf(item: unknown): readonly (readonly [string, string | undefined])[] {
  if (typeof item !== 'object' || item === null) return []
  return Object.entries(item).flatMap(([name, value]: [string, unknown]) =>
    // What a schema says is nothing for people.
    name === 'schemas' || value === undefined || isEmpty(value) ? [] : [[name, textOf(value)] as const],
  )
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0

/** All values at a path of names, through arrays on the way. */
function valuesAt(item: unknown, path: string): readonly unknown[] {
  return path
    .split('.')
    .reduce<
      readonly unknown[]
    >((found, name) => found.flatMap((one) => toArray(isObject(one) ? one[name] : undefined)), [item])
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const toArray = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}
