/**
 * A signed-in user changes its own password. The current password is asked for again, with the same brake as at
 * sign-in, because a browser that was left open is not enough. All other sessions and all applications of the user are
 * ended.
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
  /** The session that is kept. */
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
      // A browser that was left open is no proof, and guesses here count like those at the sign-in page.
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
