/**
 * The last phase of a start: tells the administrator how to get in, in the printed banner, in the ready file, or in
 * `first-access.json`.
 */
import { randomBytes } from 'node:crypto'
import type { BannerFacts } from '../cli/banner.ts'
import type { Output } from '../cli/up.ts'
import { INITIAL_DATABASE } from '../domain/role.ts'
import { signInLinkUrl } from '../oauth/sign-in-link-url.ts'
import { issuePersonalAccessToken } from '../operations/credentials/issue-personal-access-token.ts'
import { completeInstallation, type Invitation } from '../operations/installation/complete-installation.ts'
import { generatePersonalAccessToken, generateSignInLink } from '../tokens/secret.ts'
import type { SettledInstances } from './instances.ts'
import { offerLocalLogin } from './local-login.ts'
import { removeReadyFile, writeReadyFile } from './ready-file.ts'
import type { Shutdown } from './shutdown.ts'
import type { StartContext } from './start-foundation.ts'
import type { Serving } from './start-serving.ts'

type IssuedToken = Awaited<ReturnType<typeof issuePersonalAccessToken>>
type Instance = Awaited<ReturnType<SettledInstances['describeAvailable']>>

const DAY_SECONDS = 24 * 60 * 60
/** A person keeps the token of the first start; the tokens of later starts are for scripts. */
const FIRST_TOKEN_LIFETIME_SECONDS = 90 * DAY_SECONDS
const LATER_TOKEN_LIFETIME_SECONDS = DAY_SECONDS
const OTHER_FIRST_START =
  'Another Lakegate started for the first time at the same moment; it hands out the link for the first sign-in.'

/** @returns the facts that the banner prints */
export async function announce(
  context: StartContext,
  { controlPlane, gateway }: Serving,
  instances: SettledInstances,
  output: Output,
  shutdown: Shutdown,
): Promise<BannerFacts> {
  const { installation, isFirstStart, settings, http, firstAccess, log } = context
  const { admin, workspace } = installation
  const readyFile = settings['ready-file'].value
  const isTokenRead = output.isTerminal || readyFile !== undefined
  // No token is made when there is nowhere to show it.
  const token = isTokenRead || isFirstStart ? await issueToken(context) : undefined
  const instance = await instances.describeAvailable()
  const offersLocalLogin = await offerLocalLogin(context, shutdown)
  if (readyFile !== undefined && token !== undefined)
    await reportReady(context, readyFile, token, instance, shutdown)
  log.info({ url: http.publicUrl, instance: instance?.name }, 'lakegate is ready')
  const credential =
    instance !== undefined && output.isTerminal
      ? await mintCredential(context, controlPlane, instance.name)
      : undefined
  const invitation = isFirstStart ? await invite(context, output, isTokenRead ? undefined : token) : undefined
  // Another first start was faster and has already handed out a link.
  if (token !== undefined && !isTokenRead && invitation === undefined)
    await context.foundation.stores.personalAccessTokens.deletePersonalAccessToken(
      workspace.id,
      token.id,
      admin.id,
    )
  const kept = firstAccess.kept()
  return {
    httpUrl: http.publicUrl,
    accountId: installation.accountId,
    workspace,
    adminUser: admin.name,
    isFirstStart,
    access:
      output.isTerminal && token !== undefined
        ? {
            kind: 'shown',
            token: token.token.reveal(),
            tokenExpiresAt: token.expiresAt,
            signInLink: invitation && { url: linkOf(context, invitation), expiresAt: invitation.expiresAt },
            credential,
          }
        : {
            kind: 'kept',
            tokenFile: readyFile ?? (kept?.admin_token === undefined ? undefined : firstAccess.file),
            signInLinkFile: kept === undefined ? undefined : firstAccess.file,
          },
    caFile: context.caFile,
    localLogin: offersLocalLogin
      ? { dataDirectory: settings['data-dir'].value, isByNpm: isStartedByNpm() }
      : undefined,
    instance: instance && {
      ...instance,
      pooled: pooledEndpointOf(instance),
      database: INITIAL_DATABASE,
      role: admin.name,
    },
    standIns: gateway?.standIns() ?? [],
    remarks: [
      ...http.remarks,
      ...instances.remarks,
      ...(isFirstStart && invitation === undefined ? [OTHER_FIRST_START] : []),
    ],
  }
}

const issueToken = ({ foundation, installation: { admin, workspace }, isFirstStart }: StartContext) =>
  issuePersonalAccessToken(
    {
      store: foundation.stores.personalAccessTokens,
      generate: () => generatePersonalAccessToken(randomBytes),
    },
    {
      identityId: admin.id,
      workspaceId: workspace.id,
      comment: isFirstStart ? 'first start' : 'start',
      lifetimeSeconds: isFirstStart ? FIRST_TOKEN_LIFETIME_SECONDS : LATER_TOKEN_LIFETIME_SECONDS,
      now: foundation.clock(),
    },
  )

async function reportReady(
  { http, installation, caFile }: StartContext,
  file: string,
  token: IssuedToken,
  instance: Instance,
  shutdown: Shutdown,
): Promise<void> {
  await writeReadyFile(file, {
    http_url: http.publicUrl,
    account_id: installation.accountId,
    workspace_id: installation.workspace.id,
    admin_user: installation.admin.name,
    admin_token: token.token.reveal(),
    ca_file: caFile,
    instance: instance === undefined ? null : { ...instance, database: INITIAL_DATABASE },
  })
  shutdown.add('ready file', () => removeReadyFile(file))
}

/** Mints a credential of the administrator for the command in the banner. */
async function mintCredential(
  { installation: { admin, workspace } }: StartContext,
  { mint }: Serving['controlPlane'],
  instanceName: string,
): Promise<string> {
  const { token } = await mint(
    {
      identity: admin,
      workspaceId: workspace.id,
      isWorkspaceAdmin: true,
      isAccountAdmin: true,
      scopes: ['all-apis'],
      bearer: 'personal_access_token',
      groupIds: [],
    },
    { instanceNames: [instanceName], readTables: [] },
  )
  return token.reveal()
}

/**
 * Makes the link with which the administrator sets a password. Without a terminal the link is kept in a file.
 * @param token personal access token to keep in the same file
 * @returns undefined when another first start has already handed out a link
 */
function invite(
  context: StartContext,
  output: Output,
  token: IssuedToken | undefined,
): Promise<Invitation | undefined> {
  const { foundation, installations, installation, firstAccess, http } = context
  return completeInstallation(
    {
      installations,
      clock: foundation.clock,
      generate: () => generateSignInLink(randomBytes),
      async handOver(made) {
        // A first start that was killed may have left a file; its link was never stored, so it does not work.
        if (output.isTerminal) return firstAccess.forget()
        await firstAccess.keep({
          http_url: http.publicUrl,
          admin_user: installation.admin.name,
          ...(token === undefined ? {} : { admin_token: token.token.reveal() }),
          ...(token?.expiresAt === undefined
            ? {}
            : { admin_token_expires_at: token.expiresAt.toISOString() }),
          sign_in_link: linkOf(context, made),
          sign_in_link_expires_at: made.expiresAt.toISOString(),
        })
      },
    },
    installation,
  )
}

const linkOf = ({ http }: StartContext, { token }: Invitation): string =>
  signInLinkUrl(http.publicUrl, token.reveal())

/** npm sets this for what it runs; a `lakegate` that is installed is run by its own name. */
const isStartedByNpm = (): boolean =>
  process.env['npm_command'] !== undefined || !/\blakegate$/.test(process.argv[1] ?? '')

const pooledEndpointOf = ({ pooled_host: host, pooled_port: port }: NonNullable<Instance>) =>
  host === undefined || port === undefined ? undefined : { host, port }
