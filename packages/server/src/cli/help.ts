/** The layout of the help: settings by subject, and every description within the width of the terminal. */
import { Option, type Command, type Help } from 'commander'
import type { SettingKind } from '../config/kinds.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTING_SUBJECTS,
  SETTINGS,
  type SettingDefinition,
  type SettingName,
} from '../config/settings.ts'

/** A longer list of choices stands in the description. */
const LONGEST_CHOICES = 28
/** A longer term would leave too little room for a description beside it. */
const LONGEST_TERM = 31
const INDENT = 6
/** Lines of 200 characters are hard to read. */
const WIDEST = 100

/** The settings as flags, each in the group of its subject. */
export function settingOptions(): readonly Option[] {
  return SETTING_SUBJECTS.flatMap(({ title, names }) =>
    // Everybody could read a secret argument in the process list (behaviour 74).
    names.filter((name) => !isSecret(name)).map((name) => optionOf(name).helpGroup(`${title}:`)),
  )
}

const isSecret = (name: SettingName): boolean => {
  const definition: SettingDefinition = SETTINGS[name]
  return definition.secret === true
}

function optionOf(name: SettingName): Option {
  const definition: SettingDefinition = SETTINGS[name]
  const placeholder = placeholderOf(definition)
  const choices = placeholder === 'choice' ? ` One of ${(definition.choices ?? []).join(', ')}.` : ''
  const byDefault = definition.default ?? definition.fallback ?? ''
  return new Option(
    `${flagOf(name)} <${placeholder}>`,
    `${definition.sentence}${choices} Default: ${byDefault === '' ? 'none' : byDefault}. (${environmentVariableOf(name)})`,
  )
}

const PLACEHOLDERS: Partial<Record<SettingKind, string>> = {
  on_off: 'on|off',
  port: 'port',
  whole_number: 'number',
  file: 'file',
  kept_file: 'file',
  written_file: 'file',
  directory: 'directory',
  postgresql: 'directory',
}

function placeholderOf({ kind, choices }: SettingDefinition): string {
  if (choices === undefined) return PLACEHOLDERS[kind] ?? 'value'
  const all = choices.join('|')
  return all.length <= LONGEST_CHOICES ? all : 'choice'
}

/** Applies to the command and to its subcommands. */
export function withOurHelp(command: Command): Command {
  // Commander would end the process, before what was printed is written.
  command.exitOverride()
  command.showHelpAfterError(
    '`lakegate --help` shows the commands, `lakegate <command> --help` what one takes.',
  )
  command.configureHelp({
    prepareContext({ helpWidth }) {
      this.helpWidth = Math.min(helpWidth ?? 80, WIDEST)
    },
    subcommandTerm,
    formatItem,
  })
  command.commands.forEach(withOurHelp)
  return command
}

/** What a command must be given; what it may be given is in its own help. */
function subcommandTerm(command: Command): string {
  const demanded = command.registeredArguments.filter(({ required }) => required)
  return [command.name(), ...demanded.map((argument) => `<${argument.name()}>`)].join(' ')
}

/** A description stands beside a short term, and below a long one. */
function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  if (description === '') return `  ${term}`
  const width = Math.max(helper.helpWidth ?? 80, 2 * INDENT)
  if (termWidth <= LONGEST_TERM) {
    const beside = ' '.repeat(termWidth + 4)
    const wrapped = helper.boxWrap(description, width - beside.length)
    return `  ${term.padEnd(termWidth)}  ${wrapped.replaceAll('\n', `\n${beside}`)}`
  }
  const below = ' '.repeat(INDENT)
  return `  ${term}\n${below}${helper.boxWrap(description, width - INDENT).replaceAll('\n', `\n${below}`)}`
}
