/** The command line: flags from the settings table, one file per command, and errors that say what to do next. */
import { Argument, Command, CommanderError, Option } from 'commander'
import { loadSettings, type LoadedSettings } from '../config/load.ts'
import { answerSettings, renderSettings, type ResolvedSettings } from '../config/render.ts'
import { SETTING_NAMES } from '../config/settings.ts'
import { attachCommand } from './attach.ts'
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from './completion/scripts.ts'
import { connectCommands } from './connect/commands.ts'
import type { FindLocalLogin } from './connect/connect-flags.ts'
import type { LocalLoginPlace } from './connect/local-login.ts'
import { detachCommand } from './detach.ts'
import { EndedWithStatus } from './ended-with-status.ts'
import { commandFailed, EXIT_STATUS, exitStatusOf } from './exit-codes.ts'
import { explain } from './explain.ts'
import { settingOptions, withOurHelp } from './help.ts'
import { Interrupted } from './interrupted.ts'
import { doctorCommand, type Examine } from './operator/doctor.ts'
import { statusCommand, type ReadStatus } from './operator/status.ts'
import { backupCommand, restoreCommand, type MakeBackup, type RestoreBackup } from './operator/backup.ts'
import { adminCommand, type AccessRecovery } from './operator/admin.ts'
import { keysCommand, type ReplaceLostMasterKey, type RotateMasterKey } from './keys.ts'
import { serveGateway, type StartGateway } from './serve-gateway.ts'
import { sessionsCommand } from './sessions.ts'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import { watchStandardOutput } from './standard-output.ts'
import { up, type StartEverything } from './up.ts'
import { upTemporarily, type RemoveTemporaryDirectory } from './up-temporarily.ts'
import { versionCommand } from './version-command.ts'
import { readVersion } from './version.ts'
import { inheritFlags, offerLocalLogin, withWorkspace } from './workspace/flags.ts'
import { addWorkspaceCommands } from './workspace/groups.ts'

/** What the commands start; its modules are loaded only when a command needs them. */
export interface Starts {
  readonly everything: StartEverything
  readonly control: StartEverything
  readonly gateway: StartGateway
  readonly removeTemporaryDirectory: RemoveTemporaryDirectory
  readonly rotateMasterKey: RotateMasterKey
  readonly readStatus: ReadStatus
  readonly examine: Examine
  readonly replaceLostMasterKey: ReplaceLostMasterKey
  readonly accessRecovery: AccessRecovery
  readonly makeBackup: MakeBackup
  readonly restoreBackup: RestoreBackup
  /** Where a Lakegate with these settings lets the owner of its data directory sign in. */
  readonly localLoginPlace: (settings: LoadedSettings) => Promise<LocalLoginPlace>
  /** The values that a start on this machine would use for settings that are left out. */
  readonly resolveSettings: (settings: LoadedSettings) => Promise<ResolvedSettings>
}

/** @returns the exit status */
export async function runProgram(programArguments: readonly string[], starts: Starts): Promise<number> {
  const output = watchStandardOutput()
  try {
    if (programArguments[0] === COMPLETE) return await printCompletions(programArguments.slice(1), starts)
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

const localLoginOf =
  (starts: Starts): FindLocalLogin =>
  async (flags) =>
    starts.localLoginPlace(load(flags))

/** Called by the completion of a shell, as in programs that are made with Cobra. */
const COMPLETE = '__complete'

async function printCompletions(words: readonly string[], starts: Starts): Promise<number> {
  const { complete } = await import('./completion/complete.ts')
  const program = await createProgram(starts, undefined)
  const lines = await complete(program, words[0] === '--' ? words.slice(1) : words, localLoginOf(starts))
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return EXIT_STATUS.done
}

const SERVERS: readonly string[] = ['up', 'serve']

/** @param words of the command; what is below its other groups is left out, unless undefined */
export async function createProgram(starts: Starts, words: readonly string[] | undefined): Promise<Command> {
  const findLocalLogin = localLoginOf(starts)
  const program = new Command('lakegate')
    .description('Identity login for PostgreSQL, compatible with Databricks Lakebase')
    .version(readVersion(), '-V, --version', 'print the version')
    // So that the flags of a command are its own, whatever the program calls by the same name.
    .enablePositionalOptions()
    .hook('preAction', (_program, command) => {
      inheritFlags(command)
      offerLocalLogin(command, findLocalLogin)
    })
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
        : upTemporarily(flags, load, starts.everything, starts.removeTemporaryDirectory))
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
  withOutput(withSettings(program.command('config')))
    .description('print every setting, its value and where it comes from')
    .action(async (flags: OutputFlags) => {
      const settings = load(flags)
      const resolved = await starts.resolveSettings(settings)
      const output = createOutput(flags)
      if (output.isQuiet) process.stdout.write(SETTING_NAMES.map((name) => `${name}\n`).join(''))
      else if (output.isText(true)) process.stdout.write(`${renderSettings(settings, resolved)}\n`)
      else output.showJson(answerSettings(settings, resolved))
    })
  program.addCommand(statusCommand(load, starts.readStatus))
  program.addCommand(doctorCommand(load, starts.examine))
  program.commandsGroup('Look after it:')
  program.addCommand(backupCommand(load, starts.makeBackup))
  program.addCommand(restoreCommand(load, starts.restoreBackup))
  program.addCommand(keysCommand(load, starts))
  program.addCommand(adminCommand(load, starts.accessRecovery))
  program.addCommand(attachCommand())
  program.addCommand(detachCommand())
  program.addCommand(sessionsCommand())
  program.commandsGroup('Connect:')
  for (const command of connectCommands(findLocalLogin)) program.addCommand(command)
  program.commandsGroup('Sign in and work with the workspace:')
  await addWorkspaceCommands(program, words)
  program.commandsGroup('Help:')
  program
    .command('completion')
    .description('print the completion of a shell: eval "$(lakegate completion bash)"')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => {
      process.stdout.write(COMPLETION_SCRIPTS[shell])
    })
  program.addCommand(versionCommand())
  program.helpCommand('help [command]', 'show what a command takes')
  return withOurHelp(program)
}

function withSettings(command: Command): Command {
  command.addOption(new Option('--config <file>', 'config file in JSON (LAKEGATE_CONFIG)'))
  for (const option of settingOptions()) command.addOption(option)
  return command
}

/** commander gives the names of flags in camel case. */
function load(flags: object): LoadedSettings {
  const given = new Map<string, unknown>(Object.entries(flags))
  const textOf = (flag: string): string | undefined => {
    const value = given.get(flag)
    return typeof value === 'string' ? value : undefined
  }
  const byName = SETTING_NAMES.map((name): [string, string | undefined] => [
    name,
    textOf(name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase())),
  ])
  return loadSettings({
    flags: Object.fromEntries(byName),
    environment: process.env,
    configFile: textOf('config'),
  })
}
