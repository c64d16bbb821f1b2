/** The flags of commands that work on the data directory of this machine; all other settings come from the environment. */
import { Option, type Command } from 'commander'
import { environmentVariableOf, flagOf, SETTINGS } from '../../config/settings.ts'

/** As commander gives them: by the names of settings, and those of the command beside them. */
export type LocalFlags = object

const LOCAL_SETTINGS = ['data-dir', 'master-key-file'] as const

export function withLocalSettings(command: Command, group = 'Where Lakegate is:'): Command {
  command.addOption(new Option('--config <file>', 'config file in JSON (LAKEGATE_CONFIG)').helpGroup(group))
  for (const name of LOCAL_SETTINGS)
    command.addOption(
      new Option(
        `${flagOf(name)} <${name === 'data-dir' ? 'directory' : 'file'}>`,
        `${SETTINGS[name].sentence} (${environmentVariableOf(name)})`,
      ).helpGroup(group),
    )
  return command
}
