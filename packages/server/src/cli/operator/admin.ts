/**
 * `lakegate admin`: the administrator is lost, and whoever owns the data directory gives somebody access again. The right
 * to do so is that to the system database: PostgreSQL lets in the account that runs Lakegate, and nobody else. A secret is
 * shown at a terminal, or written into a file; a pipe would keep it (behaviour 74).
 */
import { Command } from 'commander'
import type { LoadedSettings } from '../../config/load.ts'
import { wrongUsage } from '../exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { withLocalSettings, type LocalFlags } from './local-settings.ts'

export interface Administrator {
  readonly name: string
  readonly active: boolean
  readonly isAccountAdmin: boolean
  /** Of the workspace of the first start. */
  readonly isWorkspaceAdmin: boolean
  readonly isFirst: boolean
  readonly hasPassword: boolean
}

/** What was made; it opens the account, so it is shown once. */
export interface MadeAccess {
  readonly user: string
  readonly secret: string
  readonly expiresAt: Date
}

export interface AccessRecovery {
  listAdministrators(settings: LoadedSettings): Promise<readonly Administrator[]>
  /** @param user undefined: the administrator of the first start */
  makeSignInLink(settings: LoadedSettings, user: string | undefined): Promise<MadeAccess>
  makeToken(settings: LoadedSettings, user: string | undefined, hours: number): Promise<MadeAccess>
  /** Makes a user an active administrator of the account and of the workspace of the first start. */
  grant(settings: LoadedSettings, user: string): Promise<{ readonly user: string; readonly was: string }>
  /** Makes a new file that only this account can read, before there is a secret that nobody would have without it. */
  makeSecretFile(file: string): Promise<SecretFile>
}

export interface SecretFile {
  keep(secret: string): Promise<void>
  discard(): Promise<void>
}

type Load = (flags: LocalFlags) => LoadedSettings

interface SecretFlags extends LocalFlags {
  readonly outputFile?: string
}

const MOST_HOURS = 24

export function adminCommand(load: Load, recovery: AccessRecovery): Command {
  const admin = new Command('admin').description(
    'get access again on the machine of Lakegate, running or not (docs/incidents.md)',
  )
  withOutput(withLocalSettings(admin.command('list')))
    .description('show who administers the account or the first workspace')
    .action(async (flags: LocalFlags & OutputFlags) => {
      showAdministrators(await recovery.listAdministrators(load(flags)), flags)
    })
  withSecretOutput(withLocalSettings(admin.command('sign-in-link')))
    .description('make a link with which a user sets a new password, once')
    .argument('[user]', 'default: the administrator of the first start')
    .action(async (user: string | undefined, flags: SecretFlags) => {
      await handOver(recovery, flags, 'link', () => recovery.makeSignInLink(load(flags), user))
    })
  withSecretOutput(withLocalSettings(admin.command('token')))
    .description('make an access token for REST')
    .argument('[user]', 'default: the administrator of the first start')
    .option('--hours <number>', `how long it is valid, at most ${String(MOST_HOURS)}`, readHours, 1)
    .action(async (user: string | undefined, flags: SecretFlags & { readonly hours: number }) => {
      await handOver(recovery, flags, 'access token', () =>
        recovery.makeToken(load(flags), user, flags.hours),
      )
    })
  withLocalSettings(admin.command('grant'))
    .description('make a user an active administrator of the account and of the first workspace')
    .argument('<user>', 'user name; the user must exist')
    .action(async (name: string, flags: LocalFlags) => {
      const { user, was } = await recovery.grant(load(flags), name)
      process.stdout.write(`${user} administers the account and the workspace now (before: ${was}).\n`)
    })
  return admin
}

const withSecretOutput = (command: Command): Command =>
  command.option('--output-file <file>', 'write it into this new file, mode 0600; needed without a terminal')

async function handOver(
  recovery: AccessRecovery,
  { outputFile }: SecretFlags,
  what: string,
  make: () => Promise<MadeAccess>,
): Promise<void> {
  // Node leaves `isTTY` undefined for a pipe or a file.
  const isTerminal = (process.stdout as { readonly isTTY?: boolean }).isTTY === true
  if (outputFile === undefined && !isTerminal)
    throw wrongUsage(
      `The ${what} is not printed, because this is not a terminal.`,
      'Name a new file for it with --output-file.',
    )
  if (outputFile === undefined) {
    const { user, secret, expiresAt } = await make()
    process.stdout.write(`${secret}\n(the ${what} of ${user}, until ${expiresAt.toISOString()})\n`)
    return
  }
  const file = await recovery.makeSecretFile(outputFile)
  try {
    const { user, secret, expiresAt } = await make()
    await file.keep(`${secret}\n`)
    process.stdout.write(
      `The ${what} of ${user} is in ${outputFile}, until ${expiresAt.toISOString()}. Remove the file when it was used.\n`,
    )
  } catch (error) {
    await file.discard()
    throw error
  }
}

function readHours(text: string): number {
  const hours = Number(text)
  if (Number.isInteger(hours) && hours >= 1 && hours <= MOST_HOURS) return hours
  throw wrongUsage(
    `“${text}” is no number of hours from 1 to ${String(MOST_HOURS)}.`,
    'With this token you can make others that live longer.',
  )
}

function showAdministrators(administrators: readonly Administrator[], flags: OutputFlags): void {
  const output = createOutput(flags)
  if (output.isQuiet) for (const { name } of administrators) process.stdout.write(`${printable(name)}\n`)
  else if (output.isText(true)) process.stdout.write(renderAdministrators(administrators))
  else
    output.showJson(
      administrators.map(({ name, active, isAccountAdmin, isWorkspaceAdmin, isFirst, hasPassword }) => ({
        user_name: name,
        active,
        account_admin: isAccountAdmin,
        workspace_admin: isWorkspaceAdmin,
        of_first_start: isFirst,
        has_password: hasPassword,
      })),
    )
}

function renderAdministrators(administrators: readonly Administrator[]): string {
  if (administrators.length === 0)
    return 'Nobody administers the account. `lakegate admin grant <user>` makes one.\n'
  return administrators
    .map(({ name, active, isAccountAdmin, isWorkspaceAdmin, isFirst, hasPassword }) => {
      const rights = [
        ...(isAccountAdmin ? ['account'] : []),
        ...(isWorkspaceAdmin ? ['workspace'] : []),
      ].join(' and ')
      const remarks = [
        ...(active ? [] : ['deactivated']),
        ...(hasPassword ? [] : ['no password']),
        ...(isFirst ? ['of the first start'] : []),
      ]
      return `${name}  ${rights === '' ? 'no administrator any more' : rights}${remarks.length === 0 ? '' : `  (${remarks.join(', ')})`}\n`
    })
    .join('')
}
