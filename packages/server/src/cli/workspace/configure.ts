/** `lakegate configure`: a profile with a personal access token, which is read from standard input or typed unseen. */
import { text } from 'node:stream/consumers'
import { resolveConfiguration } from '@lakegate/client'
import { Option, type Command } from 'commander'
import { wrongUsage } from '../exit-codes.ts'
import { createOutput } from '../output/output.ts'
import { configFile, saveProfile, surroundingsOfProfile } from './auth/profile-file.ts'
import { ask, askForSecret, canAsk } from './auth/prompt.ts'
import { LOCAL_HOST, toFailure } from './connection.ts'
import { type WorkspaceFlags } from './flags.ts'

export function withConfigure(command: Command): Command {
  command
    .option('--host <host>', 'address of the workspace (DATABRICKS_HOST)')
    .addOption(new Option('--token', 'a token is all that can be configured').hideHelp())
  return command.action(async () => {
    await configure(command.opts<WorkspaceFlags>())
  })
}

async function configure(flags: WorkspaceFlags): Promise<void> {
  const isAsking = canAsk()
  const asked =
    flags.host ?? process.env['DATABRICKS_HOST'] ?? (isAsking ? await ask('Host', LOCAL_HOST) : undefined)
  if (asked === undefined || asked === '')
    throw wrongUsage('No workspace is named.', 'Name it with --host, or DATABRICKS_HOST.')
  const host = await normalized(asked)
  const token = (
    process.env['DATABRICKS_TOKEN'] ??
    (isAsking ? await askForSecret('Personal access token') : await text(process.stdin))
  ).trim()
  if (token === '' || /\s/.test(token))
    throw wrongUsage(
      token === '' ? 'There is no token on standard input.' : 'Standard input is no token.',
      'Write the token, and nothing else, to standard input: lakegate configure --host … < token-file',
    )
  const profile = flags.profile ?? process.env['DATABRICKS_CONFIG_PROFILE'] ?? 'DEFAULT'
  await saveProfile(profile, { host, token })
  createOutput(flags).say(`Profile ${profile} was successfully saved in ${configFile()}`)
}

async function normalized(asked: string): Promise<string> {
  try {
    const { host } = await resolveConfiguration({ host: asked }, surroundingsOfProfile())
    return host ?? asked
  } catch (error) {
    throw toFailure(error, undefined)
  }
}
