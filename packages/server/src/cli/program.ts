/** The command line: flags of the settings table, one file per command, errors that say what to do next. */
import { Command, Option } from 'commander'
import { loadSettings, type LoadedSettings } from '../config/load.ts'
import { renderSettings } from '../config/render.ts'
import {
  environmentVariableOf,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingDefinition,
} from '../config/settings.ts'
import { Fault } from '../domain/fault.ts'
import { serveGateway, type StartGateway } from './serve-gateway.ts'
import { attachCommand } from './attach.ts'
import { detachCommand } from './detach.ts'
import { keysCommand, type RotateMasterKey } from './keys.ts'
import { sessionsCommand } from './sessions.ts'
import { up, type StartEverything } from './up.ts'

/** What the commands start; loaded when one does. */
export interface Starts {
  readonly everything: StartEverything
  readonly control: StartEverything
  readonly gateway: StartGateway
  readonly rotateMasterKey: RotateMasterKey
}

/** @returns the exit status */
export async function runProgram(programArguments: readonly string[], starts: Starts): Promise<number> {
  try {
    await createProgram(starts).parseAsync([...programArguments], { from: 'user' })
    return 0
  } catch (error) {
    process.stderr.write(explain(error))
    return 1
  }
}

function createProgram(starts: Starts): Command {
  const program = new Command('lakegate')
    .description('Identity login for PostgreSQL, compatible with Databricks Lakebase')
    .showHelpAfterError()
  withSettings(program.command('up'))
    .description('start everything on this machine, in the foreground')
    .action(async (flags: Record<string, string>) => up(() => load(flags), starts.everything))
  withSettings(program.command('serve'))
    .description('run one half of Lakegate beside others, upon a system database that all of them share')
    .addOption(
      new Option('--role <role>', 'which half: REST, OAuth and instances, or logins')
        .choices(['control', 'gateway'])
        .makeOptionMandatory(),
    )
    .action(async ({ role, ...flags }: Record<string, string>) => {
      const read = () => load(flags)
      await (role === 'gateway' ? serveGateway(read, starts.gateway) : up(read, starts.control))
    })
  withSettings(program.command('config'))
    .description('print every setting, its value and where it comes from')
    .action((flags: Record<string, string>) => {
      process.stdout.write(`${renderSettings(load(flags))}\n`)
    })
  program.addCommand(attachCommand())
  program.addCommand(detachCommand())
  program.addCommand(sessionsCommand())
  program.addCommand(keysCommand(load, starts.rotateMasterKey))
  return program
}

function withSettings(command: Command): Command {
  command.addOption(new Option('--config <file>', 'config file in JSON (LAKEGATE_CONFIG)'))
  for (const name of SETTING_NAMES) {
    const definition: SettingDefinition = SETTINGS[name]
    // A secret on the command line would be in the process list for everybody (behaviour 74).
    if (definition.secret === true) continue
    const byDefault = definition.default ?? definition.fallback ?? ''
    command.addOption(
      new Option(
        `${flagOf(name)} <value>`,
        `${definition.sentence} Default: ${byDefault}. (${environmentVariableOf(name)})`,
      ),
    )
  }
  return command
}

/** commander gives flags in camel case. */
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

function explain(error: unknown): string {
  if (error instanceof Fault) {
    return `\nLakegate cannot go on: ${error.message}\n${error.nextStep === undefined ? '' : `What to do: ${error.nextStep}\n`}`
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `\nLakegate failed, and this is its own mistake. Please report it with what follows.\n${text}\n`
}
