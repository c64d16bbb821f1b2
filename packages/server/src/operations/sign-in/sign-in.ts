/**
 * Signing in with a password. A wrong password and an unknown user give the same answer in the same time (attack 34).
 * Failures are counted by account and address together, and those in a browser in which the user has signed in before
 * are counted separately, so that no one can lock out another user, not even from the same address (OWASP: device
 * cookies).
 */
import { clientNetwork } from '../../domain/client-network.ts'
import type { Principal } from '../../domain/identity.ts'
import type { AccountId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { IdentityStore } from '../ports/identities.ts'
import type { PasswordHasher, PasswordStore } from '../ports/passwords.ts'
import type { SignInBrake } from '../ports/sign-in.ts'
import { refused } from '../refused-error.ts'

export interface SignInPorts {
  readonly identities: Pick<IdentityStore, 'findRecordByName'>
  readonly directory: Pick<Directory, 'loadAssignment'>
  readonly passwords: PasswordStore
  readonly hasher: PasswordHasher
  readonly brake: SignInBrake
  readonly audit: AuditLog
  readonly clock: Clock
  readonly accountId: AccountId
  /** A hash of a random password, made with the same parameters. */
  readonly nobodysHash: Promise<string>
}

export interface SignInRequest {
  readonly userName: string
  readonly password: Redacted<string>
  readonly clientAddress: string
  readonly workspaceId: WorkspaceId
  /** Identifies a browser in which this user has signed in before; undefined for all others. */
  readonly knownBrowser: string | undefined
}

/** Longer than any password that can be set; a longer one is not hashed. */
export const LONGEST_PASSWORD = 256

/** @throws RefusedError sign_in_failed, too_many_sign_ins */
export async function signIn(ports: SignInPorts, request: SignInRequest): Promise<Principal> {
  const user = await proveByPassword(ports, request, 'sign_in')
  ports.audit.record({
    event: 'sign_in',
    outcome: 'admitted',
    identityId: user.id,
    identityName: user.name,
    workspaceId: request.workspaceId,
    clientAddress: request.clientAddress,
  })
  return user
}

/**
 * Every operation that asks for a password uses the same limits, and records refusals under its own event.
 * @throws RefusedError sign_in_failed, too_many_sign_ins
 */
export async function proveByPassword(
  ports: SignInPorts,
  request: SignInRequest,
  event: 'sign_in' | 'set_password',
): Promise<Principal> {
  const userName = request.userName.trim().toLowerCase()
  const limits = limitsOf(userName, request)
  const now = ports.clock()
  const recordRefusal = (reason: string) => {
    ports.audit.record({
      event,
      outcome: 'refused',
      reason,
      identityName: userName.slice(0, 256),
      workspaceId: request.workspaceId,
      clientAddress: request.clientAddress,
    })
  }
  if (!(await ports.brake.admitAttempt(limits, now))) {
    recordRefusal('too_many_sign_ins')
    throw refused('too_many_sign_ins')
  }
  // Looked up as typed: lowering the letters here must not decide which user it is.
  const user = await verify(ports, request, request.userName.trim())
  if (user === undefined) {
    recordRefusal('sign_in_failed')
    throw refused('sign_in_failed')
  }
  await ports.brake.release(limits)
  return user
}

const WINDOW_SECONDS = 15 * 60

/**
 * Failures in 15 minutes: 5 for one account from one address, 50 from one address, 200 for one account from everywhere.
 * In a browser that is known for the account: 5, independent of the others.
 */
function limitsOf(userName: string, { clientAddress, knownBrowser }: SignInRequest) {
  const limit = (key: string, failures: number) => ({ key, failures, windowSeconds: WINDOW_SECONDS })
  if (knownBrowser !== undefined) return [limit(`account and browser ${userName} ${knownBrowser}`, 5)]
  const near = clientNetwork(clientAddress)
  return [
    limit(`account and address ${userName} ${near}`, 5),
    limit(`address ${near}`, 50),
    limit(`account ${userName}`, 200),
  ]
}

async function verify(
  ports: SignInPorts,
  { password, workspaceId }: SignInRequest,
  userName: string,
): Promise<Principal | undefined> {
  const isTooLong = password.reveal().length > LONGEST_PASSWORD
  const user = await ports.identities.findRecordByName(ports.accountId, 'USER', userName)
  const stored = user === undefined ? undefined : await ports.passwords.loadPasswordHash(user.id)
  const matches =
    !isTooLong &&
    (await ports.hasher.verify(stored ?? (await ports.nobodysHash), password)) &&
    stored !== undefined
  if (!matches || user?.active !== true) return undefined
  const { permission } = await ports.directory.loadAssignment(user.id, workspaceId)
  if (permission === undefined) return undefined
  if (ports.hasher.isOutdated(stored))
    await ports.passwords.saveHash(user.id, await ports.hasher.hash(password), ports.clock())
  return { ...user, type: 'USER' }
}
