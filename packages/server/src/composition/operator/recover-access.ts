/** `lakegate admin`: on the system database of this machine, whether Lakegate runs or not. Every change is in the audit. */
import { randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { AccessRecovery } from '../../cli/operator/admin.ts'
import { commandFailed, EXIT_STATUS } from '../../cli/exit-codes.ts'
import { publicUrlOf } from '../../config/gateway-settings.ts'
import type { LoadedSettings } from '../../config/load.ts'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from '../../instances/embedded/error-code.ts'
import { signInLinkUrl } from '../../oauth/sign-in-link-url.ts'
import { issuePersonalAccessToken } from '../../operations/credentials/issue-personal-access-token.ts'
import type { AuditRecord } from '../../operations/ports/audit.ts'
import type { Installation } from '../../operations/ports/installation.ts'
import { newSignInLink } from '../../operations/sign-in/sign-in-links.ts'
import { createAuditStore } from '../../store/audit-records.ts'
import { createInstallationStore } from '../../store/installation.ts'
import { createPasswordStore } from '../../store/passwords.ts'
import { createPersonalAccessTokenStore } from '../../store/personal-access-tokens.ts'
import { createRecoveryStore, type RecoverableUser, type RecoveryStore } from '../../store/recovery.ts'
import type { SystemDatabase } from '../../store/system-database.ts'
import { generatePersonalAccessToken, generateSignInLink } from '../../tokens/secret.ts'
import { dataDirectoryHere } from '../data-directory.ts'
import { ownUrl } from '../http-address.ts'
import { onSystemDatabase } from './reach-installation.ts'
import { listRunning } from './running-processes.ts'
import { whoHere } from './who-here.ts'

const clock = () => new Date()

export const accessRecovery: AccessRecovery = {
  listAdministrators: (settings) =>
    onInstallation(settings, async ({ recovery, installation: { admin } }) => {
      const found = await recovery.listAdministrators()
      const first = await recovery.findUser(admin.name)
      const isListed = first === undefined || found.some(({ id }) => id === first.id)
      return [...found, ...(isListed ? [] : [first])].map((user) => ({
        ...user,
        isFirst: user.id === admin.id,
      }))
    }),

  makeSignInLink: (settings, name) =>
    onInstallation(settings, async ({ database, recovery, installation }) => {
      const user = await findActive(recovery, name ?? installation.admin.name)
      const { token, link } = newSignInLink({ clock, generate: () => generateSignInLink(randomBytes) }, user)
      const url = await publicUrlHere(settings)
      await createPasswordStore(database).insertLink(link)
      await record(database, user, 'a sign-in link')
      return {
        user: user.name,
        secret: signInLinkUrl(url, token.reveal()),
        expiresAt: link.expiresAt,
      }
    }),

  makeToken: (settings, name, hours) =>
    onInstallation(settings, async ({ database, recovery, installation }) => {
      const user = await findActive(recovery, name ?? installation.admin.name)
      const now = clock()
      const { token, expiresAt } = await issuePersonalAccessToken(
        {
          store: createPersonalAccessTokenStore(database),
          generate: () => generatePersonalAccessToken(randomBytes),
        },
        {
          identityId: user.id,
          workspaceId: installation.workspace.id,
          comment: 'recovered access',
          lifetimeSeconds: hours * 3600,
          now,
        },
      )
      await record(database, user, 'an access token')
      return { user: user.name, secret: token.reveal(), expiresAt: expiresAt ?? now }
    }),

  grant: (settings, name) =>
    onInstallation(settings, async ({ recovery }) => {
      const user = await findUser(recovery, name)
      await recovery.makeAdministrator(
        user.id,
        recordOf(user, 'active, administrator of the account and of the workspace'),
      )
      return { user: user.name, was: standingOf(user) }
    }),

  async makeSecretFile(file) {
    const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
      if (hasCode(error, 'EEXIST'))
        throw commandFailed(`${file} exists already.`, 'Name a new file with --output-file.')
      throw error
    })
    return {
      async keep(secret) {
        try {
          await handle.writeFile(secret)
          await handle.sync()
        } finally {
          await handle.close()
        }
      },
      async discard() {
        await handle.close()
        await rm(file, { force: true })
      },
    }
  },
}

interface Opened {
  readonly database: SystemDatabase
  readonly recovery: RecoveryStore
  readonly installation: Installation
}

const onInstallation = <Result>(
  settings: LoadedSettings,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> =>
  onSystemDatabase(settings, async (database) => {
    const installation = await createInstallationStore(database).loadInstallation()
    if (installation === undefined)
      throw new Fault({
        code: 'installation_missing',
        origin: 'configuration',
        message: 'The system database holds no account.',
        nextStep: 'Start Lakegate once: its first start makes the administrator.',
      })
    const recovery = createRecoveryStore(database, {
      accountId: installation.accountId,
      workspaceId: installation.workspace.id,
    })
    return work({ database, recovery, installation })
  })

async function findUser(recovery: RecoveryStore, name: string): Promise<RecoverableUser> {
  const user = await recovery.findUser(name)
  if (user !== undefined) return user
  throw commandFailed(
    `There is no user “${name}”.`,
    '`lakegate admin list` shows the administrators. To make a user, get a token of an administrator first (`lakegate admin token`).',
    EXIT_STATUS.notFound,
  )
}

async function findActive(recovery: RecoveryStore, name: string): Promise<RecoverableUser> {
  const user = await findUser(recovery, name)
  if (user.active) return user
  throw commandFailed(
    `${user.name} is deactivated, and can use nothing.`,
    `\`lakegate admin grant ${user.name}\` activates the user, as an administrator.`,
  )
}

const standingOf = ({ active, isAccountAdmin, isWorkspaceAdmin }: RecoverableUser): string =>
  [
    active ? 'active' : 'deactivated',
    isAccountAdmin ? 'administrator of the account' : 'not administrator of the account',
    isWorkspaceAdmin ? 'administrator of the workspace' : 'not administrator of the workspace',
  ].join(', ')

const record = (database: SystemDatabase, user: RecoverableUser, what: string): Promise<void> =>
  createAuditStore(database).appendRecords([recordOf(user, what)])

const recordOf = (user: RecoverableUser, what: string): AuditRecord => ({
  at: clock(),
  entry: {
    event: 'recover_access',
    outcome: 'admitted',
    identityId: user.id,
    identityName: user.name,
    detail: `${what}, ${whoHere()}`,
  },
})

/** As the settings name it, as the Lakegate that runs says, or as its next start would be reached. */
async function publicUrlHere(settings: LoadedSettings): Promise<string> {
  const configured = publicUrlOf(settings)
  if (configured !== undefined) return configured
  const running = await listRunning(dataDirectoryHere(settings))
  const url = running.find(({ record }) => record.public_url !== undefined)?.record.public_url
  return url ?? ownUrl(settings, settings['http-port'].value)
}
