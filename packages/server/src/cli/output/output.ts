/**
 * How a command prints its answer: a table for people, JSON for programs, or nothing but names (`--quiet`). The flags are
 * those of the databricks CLI, which prints JSON as its text wherever it knows no table; so where that is so, and nobody
 * said which, a table is printed only on a terminal: what a script reads from a pipe stays JSON.
 */
import { Option, type Command } from 'commander'
import { createColours, type Colours } from './colours.ts'
import { renderJson } from './json.ts'
import { printable } from './printable.ts'
import { createStatusLine, type StatusLine, type StatusStream } from './status-line.ts'
import { renderFields, renderTable, type Column } from './table.ts'

export const OUTPUT_FORMATS = ['text', 'json'] as const

export interface OutputFlags {
  readonly output?: (typeof OUTPUT_FORMATS)[number] | undefined
  readonly quiet?: boolean | undefined
  /** False after `--no-color`. */
  readonly color?: boolean | undefined
}

/** The flags, for a command or for all below one. */
export const withOutput = (command: Command): Command =>
  command
    .addOption(
      new Option('-o, --output <type>', 'for people or for programs (DATABRICKS_OUTPUT_FORMAT)').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--quiet', 'print nothing but names or ids')
    .option('--no-color', 'no colours (NO_COLOR); they are used only on a terminal')

/** Where the answer goes, and what is known about that. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdout: StatusStream
  readonly stderr: StatusStream
}

/** How one thing of a list is shown, and how it is called. */
export interface ListView<Row> {
  readonly columns: readonly Column<Row>[]
  /** What `--quiet` prints: what a command would take to find it again. */
  readonly name: (row: Row) => string | readonly string[]
  /** True where the databricks CLI has a table of its own, which then is the text in a pipe as well. */
  readonly isTableEverywhere?: boolean
}

export interface ItemView<Item> {
  readonly fields: (item: Item) => readonly (readonly [title: string, value: string | undefined])[]
  readonly name: (item: Item) => string | readonly string[]
  readonly isTableEverywhere?: boolean
}

export interface Output {
  readonly isQuiet: boolean
  /** Whether people read the answer. @param isTableEverywhere where the databricks CLI has a table of its own */
  isText(isTableEverywhere?: boolean): boolean
  /** Of standard output. */
  readonly colours: Colours
  showList<Row>(rows: readonly Row[], view: ListView<Row>): void
  showItem<Item>(item: Item, view: ItemView<Item>): void
  showJson(value: unknown): void
  /** A sentence that is no answer, for people: to standard error, and not with `--quiet`. */
  say(sentence: string): void
  /** Lines without which the person cannot go on: to standard error, always. */
  insist(lines: string): void
  readonly status: StatusLine
}

export function createOutput(
  flags: OutputFlags,
  { environment, stdout, stderr }: Surroundings = ofProcess(),
): Output {
  const isQuiet = flags.quiet === true
  const isTerminal = stdout.isTTY === true
  const colours = createColours({ environment, isTerminal, wanted: flags.color })
  const asked = flags.output ?? formatOf(environment['DATABRICKS_OUTPUT_FORMAT'])
  const isText = (isTableEverywhere = false) =>
    asked === undefined ? isTerminal || isTableEverywhere : asked === 'text'
  const showJson = (value: unknown) => {
    stdout.write(renderJson(value, colours))
  }
  const showNames = (names: string | readonly string[]) => {
    for (const name of [names].flat()) stdout.write(`${printable(name)}\n`)
  }
  return {
    isQuiet,
    isText,
    colours,
    showJson,
    showList(rows, { columns, name, isTableEverywhere }) {
      if (isQuiet) for (const row of rows) showNames(name(row))
      else if (!isText(isTableEverywhere)) showJson(rows)
      else stdout.write(renderTable(rows, columns, colours))
    },
    showItem(item, { fields, name, isTableEverywhere }) {
      if (isQuiet) showNames(name(item))
      else if (!isText(isTableEverywhere)) showJson(item)
      else stdout.write(renderFields(fields(item), colours))
    },
    say(sentence) {
      if (!isQuiet) stderr.write(`${printable(sentence)}\n`)
    },
    insist(lines) {
      stderr.write(`${lines.split('\n').map(printable).join('\n')}\n`)
    },
    status: createStatusLine(stderr, isQuiet),
  }
}

const ofProcess = (): Surroundings => ({
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
})

/** The databricks CLI takes the word in any case, and nothing from a word that it does not know. */
const formatOf = (word: string | undefined): (typeof OUTPUT_FORMATS)[number] | undefined =>
  OUTPUT_FORMATS.find((format) => format === word?.toLowerCase())
