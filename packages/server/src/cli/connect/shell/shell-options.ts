/** The arguments of psql that the built-in shell knows too, for `lakegate psql <instance> -- …`. */
import { parseArgs } from 'node:util'
import { wrongUsage } from '../../exit-codes.ts'
import { DEFAULT_FORMAT, type ResultFormat } from './result-format.ts'

export type ShellAction =
  | { readonly kind: 'command'; readonly text: string }
  /** `-` is standard input. */
  | { readonly kind: 'file'; readonly name: string }

export interface ShellOptions {
  readonly format: ResultFormat
  readonly stopsAtError: boolean
  /** In the order in which they were given; none: standard input, or the terminal. */
  readonly actions: readonly ShellAction[]
  readonly database: string | undefined
  readonly role: string | undefined
}

/** The names and letters are psql's. */
const OPTIONS = {
  command: { type: 'string', short: 'c', multiple: true },
  file: { type: 'string', short: 'f', multiple: true },
  'no-align': { type: 'boolean', short: 'A' },
  csv: { type: 'boolean' },
  expanded: { type: 'boolean', short: 'x' },
  'tuples-only': { type: 'boolean', short: 't' },
  quiet: { type: 'boolean', short: 'q' },
  'no-psqlrc': { type: 'boolean', short: 'X' },
  'no-password': { type: 'boolean', short: 'w' },
  dbname: { type: 'string', short: 'd' },
  username: { type: 'string', short: 'U' },
  variable: { type: 'string', short: 'v', multiple: true },
  set: { type: 'string', multiple: true },
  pset: { type: 'string', short: 'P', multiple: true },
} as const

/** @throws Fault for what only psql knows */
export function parseShellOptions(programArguments: readonly string[]): ShellOptions {
  const { values, positionals, tokens } = parse(programArguments)
  const actions = tokens.flatMap((token): ShellAction[] => {
    if (token.kind !== 'option' || token.value === undefined) return []
    if (token.name === 'command') return [{ kind: 'command', text: token.value }]
    return token.name === 'file' ? [{ kind: 'file', name: token.value }] : []
  })
  const [database, role, ...others] = positionals
  if (others.length > 0) throw unknown(others[0] ?? '')
  return {
    format: formatOf(values),
    stopsAtError: stopsAtError([...(values.variable ?? []), ...(values.set ?? [])]),
    actions,
    database: values.dbname ?? database,
    role: values.username ?? role,
  }
}

function parse(programArguments: readonly string[]) {
  try {
    return parseArgs({
      args: [...programArguments],
      options: OPTIONS,
      allowPositionals: true,
      tokens: true,
      strict: true,
    })
  } catch (error) {
    throw unknown(error instanceof Error ? error.message : String(error))
  }
}

const unknown = (what: string) =>
  wrongUsage(
    `The built-in shell does not know this argument of psql: ${what}`,
    `It knows ${Object.keys(OPTIONS)
      .map((name) => `--${name}`)
      .join(', ')}. For everything else install psql (Debian: postgresql-client, macOS: libpq).`,
  )

function formatOf(values: ReturnType<typeof parse>['values']): ResultFormat {
  const nullText = (values.pset ?? []).map((pair) => /^null=(.*)$/s.exec(pair)?.[1])
  const wrong = nullText.indexOf(undefined)
  if (wrong >= 0) throw unknown(`--pset ${values.pset?.[wrong] ?? ''}`)
  return {
    layout: values.csv === true ? 'csv' : values['no-align'] === true ? 'unaligned' : 'aligned',
    expanded: values.expanded === true ? 'on' : 'off',
    tuplesOnly: values['tuples-only'] === true,
    quiet: values.quiet === true,
    nullText: nullText.at(-1) ?? DEFAULT_FORMAT.nullText,
  }
}

/** `ON_ERROR_STOP=1`; the shell has no other variables. */
function stopsAtError(assignments: readonly string[]): boolean {
  let stops = false
  for (const assignment of assignments) {
    const [, value] = /^ON_ERROR_STOP(?:=(.*))?$/.exec(assignment) ?? []
    if (!assignment.startsWith('ON_ERROR_STOP')) throw unknown(`--variable ${assignment}`)
    stops = value === undefined || /^(?:on|true|yes|1)$/i.test(value)
  }
  return stops
}
