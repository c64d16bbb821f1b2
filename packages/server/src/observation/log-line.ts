/**
 * Renders a line of the log for people at a terminal: the time, the level, the message, and then the fields that are
 * short enough to read. The JSON, which `log-format` selects, has everything.
 */

/** Longest field value that is shown; longer ones are in the JSON only. */
const LONGEST_VALUE = 80
/** Shown at the beginning of the line, so they are not repeated among the fields. */
const OWN_FIELDS: readonly string[] = ['level', 'time', 'msg', 'err']

/** Fields of an audit record that its message already contains, or that are only useful to programs. */
const HIDDEN_OF_AUDIT = /^(?:audit|event|outcome)$|(?:Id|Uid)$/

const COLOURS: Readonly<Record<string, string>> = { warn: '\u001b[33m', error: '\u001b[31m' }
const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'

interface Entry extends Readonly<Record<string, unknown>> {
  readonly level?: string
  readonly time?: string
  readonly msg?: string
  readonly err?: { readonly message?: string }
}

/** @param line JSON as written by pino */
export function renderLogLine(line: string, hasColours: boolean): string {
  const entry = JSON.parse(line) as Entry
  const { level = '', time, msg = '', err } = entry
  const colour = hasColours ? (COLOURS[level] ?? '') : ''
  const because = err?.message === undefined ? '' : `: ${err.message}`
  const fields = Object.entries(entry).flatMap(([name, value]) =>
    level === 'audit' && HIDDEN_OF_AUDIT.test(name) ? [] : renderField(name, value),
  )
  const dim = (text: string) => (hasColours && text !== '' ? `${DIM}${text}${PLAIN}` : text)
  const sentence = printable(`${level.padEnd(5)} ${msg}${because}`)
  const shown = colour === '' ? sentence : `${colour}${sentence}${PLAIN}`
  const behind = fields.length === 0 ? '' : `  ${printable(fields.join(' '))}`
  return `${dim(timeOfDay(time))} ${shown}${dim(behind)}\n`
}

function renderField(name: string, value: unknown): readonly string[] {
  if (OWN_FIELDS.includes(name) || value === null || value === '') return []
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? [] : [`${name}=${text}`]
}

/** In the local time zone. */
function timeOfDay(time: string | undefined): string {
  const date = new Date(time ?? '')
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** Role names and messages from clients are free text and must not control the terminal. */
const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  text.replace(/\s*[\r\n]+\s*/g, ' / ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')
