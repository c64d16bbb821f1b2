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
  (item: unknown): readonly string[] =>
    valuesAt(item, quiet).map(textOf)

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
    ? {
        colour: (item: unknown) =>
          valuesAt(item, field)[0] === true ? ('green' as const) : ('red' as const),
      }
    : { colour }),
})

/** -1 is a token that does not expire. */
const timeOf = (milliseconds: unknown): string =>
  typeof milliseconds === 'number' && milliseconds >= 0 ? new Date(milliseconds).toISOString() : 'never'

/** Names and values at the top; what is deeper is JSON in one line. */
function fieldsOf(item: unknown): readonly (readonly [string, string | undefined])[] {
  if (!isObject(item)) return []
  return Object.entries(item).flatMap(([name, value]) =>
    // What a schema says is nothing for people.
    name === 'schemas' || isEmpty(value) ? [] : [[name, textOf(value)] as const],
  )
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (isObject(value) && Object.keys(value).length === 0)

/** All values at a path of names, through arrays on the way. */
function valuesAt(item: unknown, path: string): readonly unknown[] {
  return path
    .split('.')
    .reduce<readonly unknown[]>(
      (found, name) => found.flatMap((one) => toArray(isObject(one) ? one[name] : undefined)),
      [item],
    )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const toArray = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return JSON.stringify(value)
  // References of SCIM say how they are called, and its simple lists what is in them.
  const names = value.map((one: unknown) => (isObject(one) ? (one['display'] ?? one['value']) : one))
  return names.every((name) => typeof name === 'string') ? names.join(', ') : JSON.stringify(value)
}
