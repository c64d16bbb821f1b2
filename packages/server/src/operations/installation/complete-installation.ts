/**
 * The end of the first start: the installation is complete, and its administrator is invited to set a password. When
 * several control planes start for the first time at once, only the first one to get here creates a link.
 */
import type { Redacted } from '../../domain/redacted.ts'
import type { NewSecret } from '../credentials/issue-personal-access-token.ts'
import type { Clock } from '../ports/clock.ts'
import type { Installation, InstallationStore } from '../ports/installation.ts'
import { newSignInLink } from '../sign-in/sign-in-links.ts'

export interface CompleteInstallationPorts {
  readonly installations: Pick<InstallationStore, 'completeInstallation'>
  readonly clock: Clock
  readonly generate: () => NewSecret
  /** Puts the link where the administrator finds it, before the link becomes valid. */
  readonly handOver: (invitation: Invitation) => Promise<void>
}

export interface Invitation {
  readonly token: Redacted<string>
  readonly expiresAt: Date
}

/** @returns the link for the administrator; undefined when another control plane has completed the installation */
export async function completeInstallation(
  ports: CompleteInstallationPorts,
  { admin }: Installation,
): Promise<Invitation | undefined> {
  const { token, link } = newSignInLink(ports, admin)
  const invitation = { token, expiresAt: link.expiresAt }
  const isFirst = await ports.installations.completeInstallation(link, () => ports.handOver(invitation))
  return isFirst ? invitation : undefined
}
