/**
 * Every setting in one table: name, kind, default, sentence; `settings/` has one file per subject. Flags, `LAKEGATE_…`
 * variables, the config file, `lakegate config` and docs/settings.md are generated from it or checked against it.
 */
import type { SettingDefinition } from './settings/definition.ts'
import { GATEWAY_SETTINGS } from './settings/gateway.ts'
import { HTTP_SETTINGS } from './settings/http.ts'
import { INSTANCE_SETTINGS } from './settings/instances.ts'
import { LOGIN_SETTINGS } from './settings/logins.ts'
import { POOL_SETTINGS } from './settings/pools.ts'
import { SERVER_SETTINGS } from './settings/server.ts'
import { SIGN_IN_SETTINGS } from './settings/sign-in.ts'
import { SYSTEM_DATABASE_SETTINGS } from './settings/system-database.ts'

export type { SettingDefinition } from './settings/definition.ts'

export const SETTINGS = {
  ...SERVER_SETTINGS,
  ...SYSTEM_DATABASE_SETTINGS,
  ...HTTP_SETTINGS,
  ...SIGN_IN_SETTINGS,
  ...GATEWAY_SETTINGS,
  ...LOGIN_SETTINGS,
  ...POOL_SETTINGS,
  ...INSTANCE_SETTINGS,
} as const

export type SettingName = keyof typeof SETTINGS

const namesIn = (settings: Readonly<Record<string, SettingDefinition>>) =>
  Object.keys(settings) as readonly SettingName[]

/** The same settings by subject, for help and documentation. */
export const SETTING_SUBJECTS: readonly { readonly title: string; readonly names: readonly SettingName[] }[] =
  [
    { title: 'This server', names: namesIn(SERVER_SETTINGS) },
    { title: 'System database, keys and audit', names: namesIn(SYSTEM_DATABASE_SETTINGS) },
    { title: 'REST and OAuth', names: namesIn(HTTP_SETTINGS) },
    { title: 'Sign-in through an outside provider', names: namesIn(SIGN_IN_SETTINGS) },
    { title: 'Gateway', names: namesIn(GATEWAY_SETTINGS) },
    { title: 'Logins and sessions', names: namesIn(LOGIN_SETTINGS) },
    { title: 'Pooled endpoint', names: namesIn(POOL_SETTINGS) },
    { title: 'Database instances', names: namesIn(INSTANCE_SETTINGS) },
  ]
export const SETTING_NAMES = namesIn(SETTINGS)

/** `http-port` → `LAKEGATE_HTTP_PORT` */
export const environmentVariableOf = (name: SettingName): string =>
  `LAKEGATE_${name.toUpperCase().replaceAll('-', '_')}`
/** `http-port` → `--http-port` */
export const flagOf = (name: SettingName): string => `--${name}`
