/** The command line: flags from the settings table, one file per command, and errors that say what to do next. */
import { Command, CommanderError, Option } from 'commander'
import { loadSettings, type LoadedSettings } from '../config/load.ts'
import { renderSettings, type ResolvedSettings } from '../config/render.ts'
import { SETTING_NAMES } from '../config/settings.ts'
import { attachCommand } from './attach.ts'
import { connectCommands } from './connect/commands.ts'
import { detachCommand } from './detach.ts'
import { EndedWithStatus } from './ended-with-status.ts'
import { commandFailed, EXIT_STATUS, exitStatusOf } from './exit-codes.ts'
import { explain } from './explain.ts'
import { settingOptions, withOurHelp } from './help.ts'
import { Interrupted } from './interrupted.ts'
import { keysCommand, type RotateMasterKey } from './keys.ts'
import { serveGateway, type StartGateway } from './serve-gateway.ts'
import { sessionsCommand } from './sessions.ts'
import { watchStandardOutput } from './standard-output.ts'
import { up, type StartEverything } from './up.ts'
import { upTemporarily } from './up-temporarily.ts'
import { readVersion } from './version.ts'
import { withWorkspace } from './workspace/flags.ts'
import { addWorkspaceCommands } from './workspace/groups.ts'

/** What the commands start; its modules are loaded only when a command needs them. */
export interface Starts {
  readonly everything: StartEverything
  readonly control: StartEverything
  readonly gateway: StartGateway
  readonly rotateMasterKey: RotateMasterKey
  /** Where a Lakegate with these settings lets the owner of its data directory sign in. */
  readonly localLoginSocket: (settings: LoadedSettings) => Promise<string>
  /** The values that a start on this machine would use for settings that are left out. */
  readonly resolveSettings: (settings: LoadedSettings) => Promise<ResolvedSettings>
}

/** @returns the exit status */
export async function runProgram(programArguments: readonly string[], starts: Starts): Promise<number> {
  const output = watchStandardOutput()
  try {
    const program = await createProgram(starts, programArguments)
    await program.parseAsync([...programArguments], { from: 'user' })
    // A server did more than print, so an output that could not be written does not make it fail.
    if (SERVERS.includes(programArguments[0] ?? '')) return EXIT_STATUS.done
    const failure = await output.failure()
    if (failure !== undefined)
      throw commandFailed(`Standard output cannot be written: ${failure}.`, undefined)
    return EXIT_STATUS.done
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    const isTold =
      error instanceof Interrupted || error instanceof EndedWithStatus || error instanceof CommanderError
    if (!isTold) process.stderr.write(explain(error))
    return exitStatusOf(error)
  }
}

const SERVERS: readonly string[] = ['up', 'serve']

/** @param words of the command; what is below its other groups is left out, unless undefined */
export async function createProgram(starts: Starts, words: readonly string[] | undefined): Promise<Command> {
  const program = new Command('lakegate')
    .description('Identity login for PostgreSQL, compatible with Databricks Lakebase')
    .version(readVersion(), '-V, --version', 'print the version')
    // So that the flags of a command are its own, whatever the program calls by the same name.
    .enablePositionalOptions()
  withWorkspace(program)
  program.commandsGroup('Run Lakegate:')
  withSettings(program.command('up'))
    .description('start everything on this machine, in the foreground')
    .option(
      '--temporary',
      'for tests: on free ports, with data that is removed at the stop; stops when its standard input, if that is a pipe, ends',
    )
    .action(async ({ temporary, ...flags }: Record<string, string>) => {
      await (temporary === undefined
        ? up(() => load(flags), starts.everything)
        : upTemporarily(flags, load, starts.everything))
    })
  withSettings(
    program
      .command('serve')
      .addOption(
        new Option('--role <role>', 'which half: REST, OAuth and instances, or logins')
          .choices(['control', 'gateway'])
          .makeOptionMandatory(),
      ),
  )
    .description('run one half of Lakegate beside others, upon a system database that all of them share')
    .action(async ({ role, ...flags }: Record<string, string>) => {
      const read = () => load(flags)
      await (role === 'gateway' ? serveGateway(read, starts.gateway) : up(read, starts.control))
    })
  withSettings(program.command('config'))
    .description('print every setting, its value and where it comes from')
    .action(async (flags: Record<string, string>) => {
      const settings = load(flags)
      process.stdout.write(`${renderSettings(settings, await starts.resolveSettings(settings))}\n`)
    })
  program.commandsGroup('Look after it:')
  program.addCommand(keysCommand(load, starts.rotateMasterKey))
  program.addCommand(attachCommand())
  program.addCommand(detachCommand())
  program.addCommand(sessionsCommand())
  program.commandsGroup('Connect:')
  for (const command of connectCommands(async (flags) => starts.localLoginSocket(load(flags))))
    program.addCommand(command)
  program.commandsGroup('Sign in and work with the workspace:')
  await addWorkspaceCommands(program, words)
  program.commandsGroup('Help:').helpCommand('help [command]', 'show what a command takes')
  return withOurHelp(program)
}

function withSettings(command: Command): Command {
  command.addOption(new Option('--config <file>', 'config file in JSON (LAKEGATE_CONFIG)'))
  for (const option of settingOptions()) command.addOption(option)
  return command
}

/** commander gives the names of flags in camel case. */
function load(flags: Readonly<Record<string, string>>): LoadedSettings {
  const byName = SETTING_NAMES.map((name): [string, string | undefined] => [
    name,
    flags[name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase())],
  ])
  return loadSettings({
    flags: Object.fromEntries(byName),
    environment: process.env,
    configFile: flags['config'],
  })
}
