/** `lakegate auth logout`: ends a session, here and at the server, and takes its profile away where that is wanted. */
import { findSession, removeProfile, removeSession, type Profile } from '@lakegate/client'
import type { Command } from 'commander'
import { wrongUsage } from '../../exit-codes.ts'
import { createOutput } from '../../output/output.ts'
import { fetchAloud } from '../fetch-aloud.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from '../flags.ts'
import {
  configFile,
  defaultProfile,
  demandProfile,
  profiles,
  readSetting,
  saveSetting,
  surroundings,
} from './profile-file.ts'
import { canAsk, confirm } from './prompt.ts'

interface LogoutFlags extends WorkspaceFlags {
  readonly force?: boolean
  readonly delete?: boolean
}

export function logoutCommand(): Command {
  const command = new WorkspaceCommand('logout')
    .description('end the session of a profile')
    .option('--force', 'do not ask whether you are sure')
    .option('--delete', 'take the profile away as well')
  withWorkspace(command)
  return command.action(async () => {
    await logout(command.opts<LogoutFlags>())
  })
}

async function logout(flags: LogoutFlags): Promise<void> {
  const output = createOutput(flags)
  const named = flags.profile ?? process.env['DATABRICKS_CONFIG_PROFILE']
  // Nobody sees which one that would be.
  if (named === undefined && !canAsk())
    throw wrongUsage('No profile is named.', 'Name it with --profile; `lakegate auth profiles` lists them.')
  const name = named ?? (await defaultProfile())
  const profile = await demandProfile(name)
  const deletes = flags.delete === true
  if (flags.force !== true) {
    if (!canAsk()) throw wrongUsage('Nobody is here who could say whether this is meant.', 'Give --force.')
    const what = deletes ? `log out of ${name}, and take it out of ${configFile()}` : `log out of ${name}`
    if (!(await confirm(`This will ${what}. Are you sure?`))) {
      output.say('Nothing was changed.')
      return
    }
  }
  const isSession = profile.values.get('auth_type') === 'databricks-cli'
  if (isSession) await endSession(profile, flags.debug === true ? fetchAloud : fetch)
  if (deletes) {
    await removeProfile(configFile(), name)
    if ((await readSetting('default_profile')) === name) await saveSetting('default_profile', undefined)
  }
  output.say(sentenceOf(name, isSession, deletes))
}

function sentenceOf(name: string, isSession: boolean, deletes: boolean): string {
  if (deletes)
    return isSession
      ? `Logged out of and deleted profile "${name}".`
      : `Deleted profile "${name}" with no session to end.`
  return isSession
    ? `Logged out of profile "${name}". Use --delete to also remove it from the config file.`
    : `There is no session to end for profile "${name}". Use --delete to remove it from the config file.`
}

/**
 * The databricks CLI keeps a session twice, for older programs also under the name of the host. That one goes as well, if it
 * is this session, or if no other profile has the same host.
 */
async function endSession({ name, values }: Profile, ask: typeof fetch): Promise<void> {
  const host = values.get('host')?.replace(/\/+$/, '')
  const accountId = values.get('account_id')
  const known = {
    ...(accountId === undefined ? {} : { accountId }),
    surroundings: surroundings(),
  }
  const session = await findSession({ ...known, profile: name })
  const ofHost = host === undefined ? undefined : await findSession({ ...known, host })
  const isShared = (await profiles()).some(
    (other) => other.name !== name && other.values.get('host')?.replace(/\/+$/, '') === host,
  )
  const isSame = session !== undefined && ofHost?.refresh_token === session.refresh_token
  const takesHost = host !== undefined && (!isShared || isSame)
  await removeSession({ ...known, profile: name, ...(takesHost ? { host } : {}) })
  const refreshToken = session?.refresh_token ?? (isShared ? undefined : ofHost?.refresh_token)
  if (host !== undefined && refreshToken !== undefined) await revoke(host, refreshToken, ask)
}

const TIME_LIMIT_MS = 5_000

/** RFC 7009. The session is forgotten here already; a server that cannot be reached ends it when it expires. */
async function revoke(host: string, refreshToken: string, ask: typeof fetch): Promise<void> {
  try {
    const metadata = await ask(new URL('/oidc/.well-known/oauth-authorization-server', host), {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    })
    const known = (await metadata.json()) as { readonly revocation_endpoint?: unknown }
    // The real service has none.
    if (typeof known.revocation_endpoint !== 'string') return
    const endpoint = new URL(known.revocation_endpoint)
    // Only to where the session came from.
    if (endpoint.origin !== new URL(host).origin) return
    await ask(endpoint, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
      body: new URLSearchParams({
        client_id: 'databricks-cli',
        token: refreshToken,
        token_type_hint: 'refresh_token',
      }),
    })
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}
