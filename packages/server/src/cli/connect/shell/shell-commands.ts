/** The commands of the built-in shell that begin with a backslash: what psql's commands of the same name do. */
import { createReadStream } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { answerPsqlCommand, type PsqlCommand } from '@lakegate/sql-text'
import { commandFailed } from '../../exit-codes.ts'
import { describeRelations } from './describe-relations.ts'
import { renderFailure } from './render-message.ts'
import type { ResultFormat } from './result-format.ts'
import { runScript } from './run-script.ts'
import { ScriptInput } from './script-input.ts'
import type { Outcome, Shell } from './shell.ts'

type Handler = (shell: Shell, words: readonly string[], argument: string) => Promise<Outcome> | Outcome

const COMMAND_HELP = `Statements end with a semicolon, and may be written over several lines.

  \\d [pattern]      tables, views and sequences; with a name: columns, indexes and constraints
  \\dt [pattern]     tables                    \\dn [pattern]     schemas
  \\du [pattern]     roles                     \\dx [pattern]     extensions
  \\l [pattern]      databases                 \\conninfo         this session

  \\c [database [role]]   connect again, with a fresh token
  \\i file           run the statements of a file
  \\x [on|off|auto]  one line for each value
  \\t, \\a            only rows; fields without alignment
  \\pset null text   what is shown for null
  \\timing [on|off]  how long statements take
  \\g, \\gx           send the statement, as a semicolon does; \\gx shows the result expanded
  \\r                forget what was typed of the statement
  \\echo text        print the text
  \\?                this help
  \\q                quit (Ctrl-D)

Ctrl-C cancels a statement that runs, or forgets what was typed. psql knows much more: where
it is installed, \`lakegate psql\` starts it.
`

/** Tells what is wrong, as with a statement. */
export async function runCommand(shell: Shell, command: PsqlCommand): Promise<Outcome> {
  try {
    return await answerCommand(shell, command)
  } catch (error) {
    shell.output.tell(renderFailure(error))
    return shell.session.lost === undefined ? 'failed' : 'disconnected'
  }
}

/** @throws DatabaseError, Fault */
async function answerCommand(shell: Shell, { command, argument }: PsqlCommand): Promise<Outcome> {
  const handler = HANDLERS[command]
  if (handler !== undefined) return handler(shell, wordsOf(argument), argument)
  const answer = answerPsqlCommand(command, argument)
  if (answer === undefined) {
    shell.output.tell(`\\${command} is not one of the built-in shell. \\? shows those that are.\n`)
    return 'failed'
  }
  const { rows } = await shell.session.ask(answer.query.text, answer.query.parameters)
  if (isDescription(command, argument)) return describe(shell, rows, argument)
  if (rows.length === 0 && argument !== '') {
    shell.output.tell(`Did not find anything named ${argument}.\n`)
    return 'failed'
  }
  await shell.show(answer.columns, rows, TITLES[command.replace(/[S+]+$/, '')])
  return 'succeeded'
}

const TITLES: Readonly<Record<string, string>> = {
  d: 'List of relations',
  dt: 'List of tables',
  dn: 'List of schemas',
  du: 'List of roles',
  dg: 'List of roles',
  l: 'List of databases',
  dx: 'List of installed extensions',
}

const isDescription = (command: string, argument: string): boolean =>
  /^d[S+]*$/.test(command) && argument !== ''

async function describe(
  shell: Shell,
  rows: readonly (readonly (string | null)[])[],
  argument: string,
): Promise<Outcome> {
  const relations = describeRelations(rows)
  if (relations.length === 0) {
    shell.output.tell(`Did not find any relation named ${argument}.\n`)
    return 'failed'
  }
  for (const { name, columns, notes } of relations) {
    await shell.show(['Column', 'Type', 'Nullable', 'Default'], columns, `Relation "${name}"`)
    const opened = shell.output.open()
    await opened.write(notes)
    await opened.close()
  }
  return 'succeeded'
}

/** Words are separated by blanks; within single or double quotes they contain them. */
const wordsOf = (argument: string): readonly string[] =>
  [...argument.matchAll(/'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(\S+)/g)].map(
    ([, single, double, plain]) =>
      single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"') ?? plain ?? '',
  )

const HANDLERS: Readonly<Record<string, Handler | undefined>> = {
  '?': (shell) => {
    shell.output.tell(COMMAND_HELP)
    return 'succeeded'
  },
  q: () => 'quit',
  r: () => 'succeeded',
  x: expanded,
  timing(shell, [word]) {
    shell.hasTiming = word === undefined ? !shell.hasTiming : isOn(word)
    return said(shell, `Timing is ${shell.hasTiming ? 'on' : 'off'}.`)
  },
  t(shell, [word]) {
    const tuplesOnly = word === undefined ? !shell.format.tuplesOnly : isOn(word)
    shell.format = { ...shell.format, tuplesOnly }
    return said(shell, `Tuples only is ${tuplesOnly ? 'on' : 'off'}.`)
  },
  a(shell) {
    const layout = shell.format.layout === 'aligned' ? 'unaligned' : 'aligned'
    shell.format = { ...shell.format, layout }
    return said(shell, `Output format is ${layout}.`)
  },
  pset,
  echo,
  c: connect,
  connect,
  i: include,
  include,
}

function said(shell: Shell, sentence: string): Outcome {
  if (!shell.format.quiet) shell.output.tell(`${sentence}\n`)
  return 'succeeded'
}

/** As psql reads the values of switches. @throws Fault */
function isOn(word: string): boolean {
  if (/^(?:on|true|yes|1)$/i.test(word)) return true
  if (/^(?:off|false|no|0)$/i.test(word)) return false
  throw commandFailed(`“${word}” is neither on nor off.`, undefined)
}

function expanded(shell: Shell, [word]: readonly string[]): Outcome {
  const next: ResultFormat['expanded'] =
    word === undefined
      ? shell.format.expanded === 'off'
        ? 'on'
        : 'off'
      : word === 'auto'
        ? 'auto'
        : isOn(word)
          ? 'on'
          : 'off'
  shell.format = { ...shell.format, expanded: next }
  return said(shell, `Expanded display is ${next === 'auto' ? 'used automatically' : next}.`)
}

function pset(shell: Shell, [name, value = '']: readonly string[]): Outcome {
  switch (name) {
    case 'null':
      shell.format = { ...shell.format, nullText: value }
      return said(shell, `Null display is "${value}".`)
    case 'format':
      if (value !== 'aligned' && value !== 'unaligned' && value !== 'csv') break
      shell.format = { ...shell.format, layout: value }
      return said(shell, `Output format is ${value}.`)
    case 'expanded':
      return expanded(shell, value === '' ? [] : [value])
    case 'tuples_only':
      shell.format = { ...shell.format, tuplesOnly: value === '' ? !shell.format.tuplesOnly : isOn(value) }
      return 'succeeded'
    case 'pager':
      // Whatever it is set to: output that is no longer than the screen needs no pager.
      return 'succeeded'
    case undefined:
    default:
      break
  }
  shell.output.tell(
    'The built-in shell knows \\pset null, expanded, tuples_only, and format aligned, unaligned or csv.\n',
  )
  return 'failed'
}

async function connect(shell: Shell, [database, role]: readonly string[]): Promise<Outcome> {
  // As in psql, - means the present one.
  const given = (word: string | undefined) => (word === '-' ? undefined : word)
  await shell.connectAgain(given(database), given(role))
  const { user } = shell.session.target
  return said(shell, `You are now connected to database "${shell.session.database}" as user "${user}".`)
}

async function echo(shell: Shell, words: readonly string[]): Promise<Outcome> {
  const opened = shell.output.open()
  await opened.write(`${words.join(' ')}\n`)
  await opened.close()
  return 'succeeded'
}

const DEEPEST = 16

async function include(shell: Shell, [name]: readonly string[]): Promise<Outcome> {
  if (name === undefined) throw commandFailed('\\i needs the name of a file.', undefined)
  if (shell.depth >= DEEPEST)
    throw commandFailed(`${name} includes itself, or files are nested too deep.`, undefined)
  const file = name.startsWith('~/') ? path.join(homedir(), name.slice(2)) : name
  try {
    await access(file, constants.R_OK)
  } catch (cause) {
    throw commandFailed(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined)
  }
  shell.depth += 1
  try {
    const input = new ScriptInput(createReadStream(file, 'utf8') as AsyncIterable<string>)
    const { outcome } = await runScript(shell, input, {
      name,
      stopsAtError: false,
      command: runCommand,
    })
    return outcome
  } finally {
    shell.depth -= 1
  }
}
