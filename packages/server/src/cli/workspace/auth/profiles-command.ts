/** `lakegate auth profiles` and `auth switch`: which profiles there are, whether they work, and which one is meant by default. */
import { LakegateError, lakegateOf, resolveConfiguration, type Profile } from '@lakegate/client'
import type { Command } from 'commander'
import { wrongUsage } from '../../exit-codes.ts'
import { createOutput } from '../../output/output.ts'
import type { Column } from '../../output/table.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from '../flags.ts'
import {
  configFile,
  defaultProfile,
  demandProfile,
  profiles,
  saveSetting,
  surroundingsOfProfile,
} from './profile-file.ts'

/** The fields of the databricks CLI. */
interface ProfileAnswer {
  readonly name: string
  readonly host?: string
  readonly account_id?: string
  readonly workspace_id?: string
  readonly cloud: 'aws' | 'azure' | 'gcp'
  readonly auth_type: string
  readonly valid: boolean
  readonly default?: true
}

export function profilesCommand(): Command {
  const command = new WorkspaceCommand('profiles')
    .description('list the profiles of ~/.databrickscfg, and whether they work')
    .option('--skip-validate', 'do not try whether they work')
  withWorkspace(command)
  return command.action(async () => {
    const flags = command.opts<WorkspaceFlags & { skipValidate?: boolean }>()
    const skips = flags.skipValidate === true
    const [all, byDefault] = await Promise.all([profiles(), defaultProfile()])
    const found = await Promise.all(all.map((profile) => describe(profile, byDefault, skips)))
    const output = createOutput(flags)
    if (output.isQuiet || output.isText(true))
      output.showList(found, {
        columns: skips ? COLUMNS.slice(0, 2) : COLUMNS,
        name: ({ name }) => name,
        isTableEverywhere: true,
      })
    else output.showJson({ profiles: found })
    if (found.length === 0)
      output.say(`There is no profile in ${configFile()}: lakegate auth login makes one.`)
  })
}

const COLUMNS: readonly Column<ProfileAnswer>[] = [
  {
    title: 'Name',
    of: ({ name, default: isDefault }) => (isDefault === true ? `${name} (Default)` : name),
    colour: 'green',
  },
  { title: 'Host', of: ({ host }) => host, colour: 'cyan' },
  {
    title: 'Valid',
    of: ({ valid }) => (valid ? 'YES' : 'NO'),
    colour: ({ valid }) => (valid ? 'green' : 'red'),
  },
]

async function describe(profile: Profile, byDefault: string, skips: boolean): Promise<ProfileAnswer> {
  const { name, values } = profile
  const given = (key: 'account_id' | 'workspace_id') => {
    const value = values.get(key)
    return value === undefined ? {} : { [key]: value }
  }
  const { authType, isValid } = await check(name, skips)
  const host = values.get('host')
  return {
    name,
    ...(host === undefined ? {} : { host }),
    ...given('account_id'),
    ...given('workspace_id'),
    cloud: cloudOf(host),
    auth_type: authType,
    valid: isValid,
    ...(name === byDefault ? { default: true as const } : {}),
  }
}

/** As the databricks CLI tells it by the host: whatever is none of the other two is the first. */
export function cloudOf(host: string | undefined): ProfileAnswer['cloud'] {
  const name = host !== undefined && URL.canParse(host) ? new URL(host).hostname : ''
  if (/(?:^|\.)(?:azuredatabricks\.net|databricks\.azure\.(?:us|cn))$/.test(name)) return 'azure'
  return /(?:^|\.)gcp\.databricks\.com$/.test(name) ? 'gcp' : 'aws'
}

const TIME_LIMIT_MS = 10_000

async function check(profile: string, skips: boolean): Promise<{ authType: string; isValid: boolean }> {
  try {
    const configuration = await resolveConfiguration({ profile }, surroundingsOfProfile())
    const authType = configuration.authType ?? ''
    if (skips) return { authType, isValid: false }
    try {
      const lakegate = lakegateOf(configuration, { attempts: 1, timeLimitMilliseconds: TIME_LIMIT_MS })
      await lakegate.me()
      lakegate.close()
      return { authType, isValid: true }
    } catch (error) {
      if (error instanceof LakegateError) return { authType, isValid: false }
      throw error
    }
  } catch (error) {
    // A profile that makes no sense is listed as one that does not work.
    if (error instanceof LakegateError) return { authType: '', isValid: false }
    throw error
  }
}

export function switchCommand(): Command {
  const command = new WorkspaceCommand('switch').description(
    'make a profile, named by --profile, the one that is meant by default',
  )
  withWorkspace(command)
  return command.action(async () => {
    const flags = command.opts<WorkspaceFlags>()
    if (flags.profile === undefined)
      throw wrongUsage('No profile is named.', 'Name it with --profile; `lakegate auth profiles` lists them.')
    await demandProfile(flags.profile)
    await saveSetting('default_profile', flags.profile)
    createOutput(flags).say(`Default profile set to "${flags.profile}".`)
  })
}
