/** The file of profiles, ~/.databrickscfg, shared with the databricks CLI and the SDKs: what commands change in it. */
import { homedir } from 'node:os'
import {
  defaultProfileOf,
  listProfiles,
  pathOfConfigFile,
  readConfigFile,
  SETTINGS_SECTION,
  writeProfile,
  type Profile,
  type Surroundings,
} from '@lakegate/client'
import { wrongUsage } from '../../exit-codes.ts'

export const surroundings = (): Surroundings => ({ environment: process.env, homeDirectory: homedir() })

/** Without the variables that would go before what a profile says. */
export const surroundingsOfProfile = (): Surroundings => ({
  environment: Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('DATABRICKS_')),
  ),
  homeDirectory: homedir(),
})

export const configFile = (): string => pathOfConfigFile(process.env['DATABRICKS_CONFIG_FILE'], homedir())

export const profiles = (): Promise<readonly Profile[]> => listProfiles(configFile())

/** The profile that is meant where none is named. */
export async function defaultProfile(): Promise<string> {
  return defaultProfileOf((await readConfigFile(configFile())) ?? new Map())
}

/** @throws CommandFailure that names those that are there */
export async function demandProfile(name: string): Promise<Profile> {
  const all = await profiles()
  const found = all.find((profile) => profile.name === name)
  if (found !== undefined) return found
  throw wrongUsage(
    `There is no profile ${name} in ${configFile()}.`,
    all.length === 0
      ? `Make it: lakegate auth login --profile ${name}`
      : `There are: ${all.map((profile) => profile.name).join(', ')}.`,
  )
}

/** Everything else with which a profile could prove who it is: two ways at once contradict each other. */
const OTHER_CREDENTIALS = [
  'token',
  'username',
  'password',
  'client_id',
  'client_secret',
  'auth_type',
  'scopes',
  'oidc_token_env',
  'oidc_token_filepath',
  'databricks_id_token_filepath',
] as const

/** Writes a profile that has these credentials and no others. */
export async function saveProfile(
  name: string,
  values: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (name === SETTINGS_SECTION) throw wrongUsage(`${name} is no name for a profile.`, 'Choose another one.')
  const without = Object.fromEntries(OTHER_CREDENTIALS.map((key) => [key, undefined]))
  await writeProfile(configFile(), name, { ...without, ...values })
}

/** Sets what the databricks CLI remembers beside the profiles. */
export const saveSetting = (
  key: 'default_profile' | 'auth_storage',
  value: string | undefined,
): Promise<void> => writeProfile(configFile(), SETTINGS_SECTION, { [key]: value })

export async function readSetting(key: 'default_profile' | 'auth_storage'): Promise<string | undefined> {
  return (await readConfigFile(configFile()))?.get(SETTINGS_SECTION)?.get(key)
}
