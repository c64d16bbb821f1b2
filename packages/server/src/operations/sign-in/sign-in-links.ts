/**
 * Links with which a user sets its own password: the first one is the invitation, later ones replace a forgotten
 * password. Created by an administrator, valid once and for a limited time; setting a password ends every session and
 * grant of the user.
 */
import type { IdentityRecord } from '../../domain/directory.ts'
import type { AccountId, IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { decideManageIdentity, type Caller } from '../../policy/permissions.ts'
import { hashSecret } from '../../tokens/secret.ts'
import type { NewSecret } from '../credentials/issue-personal-access-token.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { NewSignInLink, PasswordHasher, PasswordStore } from '../ports/passwords.ts'
import { getIdentity } from '../directory/read-identities.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import { requireSuitablePassword } from './suitable-password.ts'

const LINK_LIFETIME_SECONDS = 3 * 24 * 60 * 60

export interface SignInLinkPorts {
  readonly identities: Pick<IdentityStore, 'loadRecord'>
  readonly passwords: PasswordStore
  readonly hasher: PasswordHasher
  readonly audit: AuditLog
  readonly clock: Clock
  readonly accountId: AccountId
  readonly generate: () => NewSecret
}

export interface SignInLink {
  readonly token: Redacted<string>
  readonly expiresAt: Date
  readonly user: Pick<IdentityRecord, 'id' | 'name'>
}

/** @throws RefusedError identity_not_found, permission_denied */
export async function createSignInLink(
  ports: SignInLinkPorts,
  caller: Caller,
  userId: string,
): Promise<SignInLink> {
  const scope = {
    accountId: ports.accountId,
    workspaceId: caller.isAccountAdmin ? undefined : caller.workspaceId,
  }
  const user = await getIdentity(ports.identities, scope, 'USER', userId)
  requirePermitted(decideManageIdentity(caller, user))
  const { token, link } = newSignInLink(ports, user)
  await ports.passwords.insertLink(link)
  return { token, expiresAt: link.expiresAt, user }
}

/** @returns the secret that opens the link, and the record to store; it is not stored yet */
export function newSignInLink(
  { clock, generate }: Pick<SignInLinkPorts, 'clock' | 'generate'>,
  user: { readonly id: IdentityId },
): { readonly token: Redacted<string>; readonly link: NewSignInLink } {
  const createdAt = clock()
  const { secret, hash } = generate()
  const expiresAt = new Date(createdAt.getTime() + LINK_LIFETIME_SECONDS * 1000)
  return { token: secret, link: { userId: user.id, hash, createdAt, expiresAt } }
}

/** @returns the user whose password the link sets; undefined when it is unknown, used or too old */
export async function findSignInLink(
  ports: Pick<SignInLinkPorts, 'passwords' | 'clock'>,
  token: string,
): Promise<{ readonly id: IdentityId; readonly name: string } | undefined> {
  return ports.passwords.findLink(hashSecret(token), ports.clock())
}

/** @throws RefusedError sign_in_link_invalid, password_unsuitable */
export async function setPasswordByLink(
  ports: Pick<SignInLinkPorts, 'passwords' | 'hasher' | 'audit' | 'clock'>,
  token: string,
  password: Redacted<string>,
): Promise<{ readonly name: string }> {
  const user = await findSignInLink(ports, token)
  if (user === undefined) throw refused('sign_in_link_invalid')
  requireSuitablePassword(password, user.name)
  const now = ports.clock()
  const isSet = await ports.passwords.usePasswordLink(
    hashSecret(token),
    await ports.hasher.hash(password),
    now,
  )
  if (!isSet) throw refused('sign_in_link_invalid')
  ports.audit.record({
    event: 'set_password',
    outcome: 'admitted',
    identityId: user.id,
    identityName: user.name,
  })
  return { name: user.name }
}

/** Records that the browser in which a link set the password was signed in without asking for it. */
export function recordSignInByLink(
  audit: AuditLog,
  user: { readonly id: IdentityId; readonly name: string },
  where: { readonly workspaceId: WorkspaceId; readonly clientAddress: string },
): void {
  audit.record({
    event: 'sign_in',
    outcome: 'admitted',
    identityId: user.id,
    identityName: user.name,
    detail: 'by the sign-in link that set the password',
    ...where,
  })
}
