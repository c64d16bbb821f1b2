/**
 * Signing in with a password. Wrong and unknown look the same and cost the same (attack 34); guessing is slowed down
 * by account and address together, and a browser in which the user proved itself before is counted apart, so that
 * nobody can lock out somebody else, not even from the same address (OWASP: device cookies).
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
  /** A hash of a password that nobody has, made with the same parameters. */
  readonly nobodysHash: Promise<string>
}

export interface SignInRequest {
  readonly userName: string
  readonly password: Redacted<string>
  readonly clientAddress: string
  readonly workspaceId: WorkspaceId
  /** Names a browser in which this user has signed in before; undefined for all others. */
  readonly knownBrowser: string | undefined
}

/** Longer than any password that can be set; what is longer is not hashed. */
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
 * Whoever asks for a password slows guessing down by the same limits, and records refusals as its own.
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
  // As it was typed: whose name it is, is not decided by what lower case makes of it.
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
 * Of one account from one address 5, from one address 50, of one account from everywhere 200 failures in 15 minutes;
 * of one account in a browser that is known for it 5, whatever the others do.
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
