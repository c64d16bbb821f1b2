/**
 * SASLprep of a password (RFC 4013) as PostgreSQL and libpq do it (src/common/saslprep.c): a password that is not
 * allowed is used unchanged instead of being refused.
 */
import * as tables from './stringprep-tables.ts'

/** The password in the form that SCRAM uses. */
export function preparePassword(password: string): string {
  if (isAscii(password)) return password
  const mapped = Array.from(password)
    .filter((char) => !isIn('MAPPED_TO_NOTHING', char))
    .map((char) => (isIn('NON_ASCII_SPACE', char) ? ' ' : char))
    .join('')
  const normalized = mapped.normalize('NFKC')
  return isAllowed(Array.from(normalized)) ? normalized : password
}

// eslint-disable-next-line no-control-regex -- the range of ASCII begins with NUL
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text)

function isAllowed(chars: readonly string[]): boolean {
  if (chars.length === 0) return false
  if (chars.some((char) => isIn('PROHIBITED', char) || isIn('UNASSIGNED', char))) return false
  // RFC 3454 §6: right-to-left text must begin and end with a right-to-left character, and contain no left-to-right
  // one.
  if (!chars.some((char) => isIn('RIGHT_TO_LEFT', char))) return true
  return (
    !chars.some((char) => isIn('LEFT_TO_RIGHT', char)) &&
    isIn('RIGHT_TO_LEFT', chars[0]) &&
    isIn('RIGHT_TO_LEFT', chars.at(-1))
  )
}

type TableName = keyof typeof tables
type Ranges = readonly (readonly [first: number, last: number])[]

const readTables = new Map<TableName, Ranges>()

function isIn(name: TableName, char: string | undefined): boolean {
  const code = char?.codePointAt(0)
  if (code === undefined) return false
  let ranges = readTables.get(name)
  if (ranges === undefined) {
    ranges = readTable(tables[name])
    readTables.set(name, ranges)
  }
  return ranges.some(([first, last]) => first <= code && code <= last)
}

function readTable(text: string): Ranges {
  let end = 0
  return text.split(' ').map((range) => {
    const [distance = '', more = '0'] = range.split('-')
    const first = end + Number.parseInt(distance, 36)
    end = first + Number.parseInt(more, 36)
    return [first, end] as const
  })
}
