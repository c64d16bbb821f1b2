/**
 * Flags that many commands share: who the caller is, and how answers are printed. As in the databricks CLI they may stand
 * anywhere: before the command, behind its group, or at the end.
 */
import { Command, Option } from 'commander'
import { wrongUsage } from '../exit-codes.ts'
import type { FindLocalLogin } from '../connect/connect-flags.ts'
import { withOutput, type OutputFlags } from '../output/output.ts'

export interface WorkspaceFlags extends OutputFlags {
  readonly profile?: string
  readonly host?: string
  readonly debug?: boolean
  /** Not given by anybody: `offerLocalLogin`. */
  readonly findLocalLogin?: FindLocalLogin
}

const SHARED = 'For all commands that work with the workspace:'

/** For a command, for a group, and for the program itself. */
export function withWorkspace<Given extends Command>(command: Given): Given {
  const before = command.options.length
  command
    .addOption(new Option('-p, --profile <name>', 'profile of ~/.databrickscfg (DATABRICKS_CONFIG_PROFILE)'))
    .option('--debug', 'say on standard error which requests are made; never what is secret')
  withOutput(command)
  for (const option of command.options.slice(before)) option.helpGroup(SHARED)
  return command
}

/** Colours are not among them: who wants none may say so to every command. */
const MEANT_FOR_SOME: readonly string[] = ['profile', 'debug', 'output', 'quiet']

/**
 * Gives a command what was said before it, to its group or to the program; what stands nearest to the end counts.
 * @throws CommandFailure where that means nothing to it, so that nobody believes it was heard
 */
export function inheritFlags(command: Command): void {
  for (let one = command.parent; one !== null; one = one.parent) {
    for (const [name, value] of Object.entries(one.opts<Record<string, unknown>>())) {
      const isOwn = command.options.some((option) => option.attributeName() === name)
      if (!isOwn && MEANT_FOR_SOME.includes(name) && one.getOptionValueSource(name) === 'cli')
        throw wrongUsage(`${wordsOf(command)} does not know --${name}.`, `Leave out --${name}.`)
      if (isOwn && one.getOptionValueSource(name) === 'cli' && command.getOptionValueSource(name) !== 'cli')
        command.setOptionValueWithSource(name, value, 'cli')
    }
  }
}

const wordsOf = (command: Command): string =>
  command.parent === null ? command.name() : `${wordsOf(command.parent)} ${command.name()}`

/** Who is not signed in anywhere may be the owner of the Lakegate of this machine; commands find this among their flags. */
export function offerLocalLogin(command: Command, findLocalLogin: FindLocalLogin): void {
  command.setOptionValueWithSource('findLocalLogin', findLocalLogin, 'program')
}

/** As the flags of Go: a switch may be followed by `=true` or `=false`, and by nothing else. */
export class WorkspaceCommand extends Command {
  override createCommand(name?: string): Command {
    return new WorkspaceCommand(name)
  }

  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    const end = words.indexOf('--')
    const [before, behind] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)]
    return super.parseOptions([...before.flatMap((word) => this.#withoutValue(word)), ...behind])
  }

  #withoutValue(word: string): readonly string[] {
    const [, name, value] = /^--([a-z-]+)=(true|false)$/.exec(word) ?? []
    const option = this.options.find(({ long }) => long === `--${name ?? ''}`)
    // To commander a `--no-…` is no boolean; to the flags of Go it is one as any other.
    if (name === undefined || !(option?.isBoolean() === true || option?.negate === true)) return [word]
    if (value === 'true') return [`--${name}`]
    // Without an opposite it is what it is anyway.
    return this.options.some(({ long }) => long === `--no-${name}`) ? [`--no-${name}`] : []
  }
}
