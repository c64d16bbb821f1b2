/**
 * A signed-in user changes the own password. The current one is asked for again and slowed down as at sign-in: a
 * browser that was left open is not enough. Every other session and every application of the user ends.
 */
import type { Principal } from '../../domain/identity.ts'
import type { WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { proveByPassword, type SignInPorts } from './sign-in.ts'
import { requireSuitablePassword } from './suitable-password.ts'

export interface PasswordChange {
  readonly user: Pick<Principal, 'id' | 'name'>
  readonly current: Redacted<string>
  readonly replacement: Redacted<string>
  readonly workspaceId: WorkspaceId
  readonly clientAddress: string
  /** The session that goes on. */
  readonly sessionUid: string
}

/** @throws RefusedError sign_in_failed, too_many_sign_ins, password_unsuitable */
export async function changePassword(ports: SignInPorts, change: PasswordChange): Promise<void> {
  const { user, workspaceId, clientAddress } = change
  await proveByPassword(
    ports,
    {
      userName: user.name,
      password: change.current,
      clientAddress,
      workspaceId,
      // A browser that was left open is no proof, and guesses here count as those at the sign-in page.
      knownBrowser: undefined,
    },
    'set_password',
  )
  requireSuitablePassword(change.replacement, user.name)
  const hash = await ports.hasher.hash(change.replacement)
  await ports.passwords.changePassword(user.id, hash, ports.clock(), change.sessionUid)
  ports.audit.record({
    event: 'set_password',
    outcome: 'admitted',
    identityId: user.id,
    identityName: user.name,
    workspaceId,
    clientAddress,
  })
}
