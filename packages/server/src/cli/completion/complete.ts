/**
 * What could stand where the cursor is: `lakegate __complete -- <words>`, which the completion of a shell calls (the last word
 * is the one that is being written, and may be empty). Each candidate is a line: the word, a tab, what it means. A line
 * `:files` or `:directories` asks the shell for names of its own.
 */
import type { Argument, Command, Option } from 'commander'
import type { FindLocalLogin } from '../connect/connect-flags.ts'
import { instanceNames, profileNames } from './names.ts'

interface Candidate {
  readonly word: string
  readonly says: string
}

interface Place {
  readonly command: Command
  /** How many positional words stand before the cursor. */
  readonly position: number
  /** The option whose value is being written. */
  readonly option: Option | undefined
  /** Whether `--` stands before it. */
  readonly isBehindDashes: boolean
  /** Values of options that say who the caller is. */
  readonly given: ReadonlyMap<string, string>
  readonly findLocalLogin: FindLocalLogin
}

/** @param program with everything in it @returns the lines */
export async function complete(
  program: Command,
  words: readonly string[],
  findLocalLogin: FindLocalLogin,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? ''
  const place = { ...placeOf(program, words.slice(0, -1)), findLocalLogin }
  if (place.option !== undefined) return linesOf(await valuesOf(place.option, place), current)
  if (current.startsWith('-') && !place.isBehindDashes) return linesOf(optionsOf(place.command), current)
  const commands = place.command.createHelp().visibleCommands(place.command)
  if (commands.length > 0 && place.position === 0)
    return linesOf(
      commands.map((command) => ({ word: command.name(), says: command.description() })),
      current,
    )
  const taken = place.command.registeredArguments
  const argument = taken[place.position] ?? (taken.at(-1)?.variadic === true ? taken.at(-1) : undefined)
  return argument === undefined ? [] : linesOf(await argumentsOf(argument, place), current)
}

function placeOf(program: Command, before: readonly string[]): Omit<Place, 'findLocalLogin'> {
  let [command, position, isBehindDashes] = [program, 0, false]
  let option: Option | undefined
  const given = new Map<string, string>()
  for (const word of before) {
    if (option !== undefined) {
      given.set(option.attributeName(), word)
      option = undefined
    } else if (!isBehindDashes && word === '--') isBehindDashes = true
    else if (!isBehindDashes && word.startsWith('-') && word !== '-') {
      const found = command.options.find(({ long, short }) => long === word || short === word)
      option = found?.required === true ? found : undefined
    } else {
      const below = position === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (below === undefined) position += 1
      else command = below
    }
  }
  return { command, position, option, isBehindDashes, given }
}

type Values = readonly Candidate[] | ':files' | ':directories'

async function valuesOf({ long, flags, argChoices }: Option, place: Place): Promise<Values> {
  if (argChoices !== undefined) return argChoices.map((word) => ({ word, says: '' }))
  if (long === '--profile') return named(await profileNames(), 'profile')
  if (long === '--instance')
    return named(await instanceNames(place.given, place.findLocalLogin), 'database instance')
  if (/<(?:[\w ]*)directory>/.test(flags)) return ':directories'
  return /<(?:[\w ]*)file>|<JSON>/.test(flags) ? ':files' : []
}

async function argumentsOf(argument: Argument, { given, findLocalLogin }: Place): Promise<Values> {
  const name = argument.name()
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word, says: '' }))
  if (/profile/i.test(name)) return named(await profileNames(), 'profile')
  if (name === 'REQUEST_OBJECT_TYPE')
    return ['database-instances', 'directories'].map((word) => ({ word, says: '' }))
  if (/^instance(?:_name)?$/i.test(name) || argument.description === 'name of the database instance')
    return named(await instanceNames(given, findLocalLogin), 'database instance')
  return /file/i.test(name) ? ':files' : []
}

const named = (words: readonly string[], says: string): readonly Candidate[] =>
  words.map((word) => ({ word, says }))

const optionsOf = (command: Command): readonly Candidate[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', says: description }))

/** Words with line ends or other control characters can be completed by nobody. */
function linesOf(values: Values, current: string): readonly string[] {
  if (typeof values === 'string') return [values]
  return values
    .filter(({ word }) => word.startsWith(current) && /^\P{Cc}+$/u.test(word))
    .map(({ word, says }) => (says === '' ? word : `${word}\t${says.replaceAll(/\s+/g, ' ')}`))
}
