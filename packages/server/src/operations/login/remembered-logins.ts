/**
 * What earlier logins have seen. It serves only to ask the right questions at the same time instead of one after the
 * other: it chooses which proof a client is asked for and where a role is looked up. No verdict depends on it (DESIGN
 * §5), because everything is read again after the proof.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityId, InstanceUid } from '../../domain/ids.ts'

/** How many roles, and how many admitted logins; the oldest is dropped first. */
const MOST_REMEMBERED = 10_000

export class RememberedLogins {
  readonly #instances = new Map<InstanceUid, DatabaseInstance>()
  readonly #groups = new Map<string, IdentityId>()
  readonly #admitted = new Set<string>()

  /** The instance as of the last login, if it was available then and no change has been reported since. */
  instance(uid: InstanceUid): DatabaseInstance | undefined {
    return this.#instances.get(uid)
  }

  learnInstance(instance: DatabaseInstance): void {
    if (instance.state === 'AVAILABLE') this.#instances.set(instance.uid, instance)
    else this.#instances.delete(instance.uid)
  }

  /** Called when some instance has changed, or may have. */
  forgetInstances(): void {
    this.#instances.clear()
  }

  /** The group that the role was bound to at the last login. */
  groupOf(uid: InstanceUid, roleName: string): IdentityId | undefined {
    return this.#groups.get(`${uid} ${roleName}`)
  }

  learnGroup(uid: InstanceUid, roleName: string, group: IdentityId | undefined): void {
    const name = `${uid} ${roleName}`
    this.#groups.delete(name)
    if (group === undefined) return
    this.#groups.set(name, group)
    const oldest = this.#groups.size > MOST_REMEMBERED ? this.#groups.keys().next().value : undefined
    if (oldest !== undefined) this.#groups.delete(oldest)
  }

  /**
   * Whether the last such login was admitted.
   * @param identityId undefined for a login by the password of the role
   */
  wasAdmitted(uid: InstanceUid, roleName: string, identityId: IdentityId | undefined): boolean {
    return this.#admitted.has(`${uid} ${identityId ?? ''} ${roleName}`)
  }

  forgetAdmitted(uid: InstanceUid, roleName: string, identityId: IdentityId | undefined): void {
    this.#admitted.delete(`${uid} ${identityId ?? ''} ${roleName}`)
  }

  learnAdmitted(uid: InstanceUid, roleName: string, identityId: IdentityId | undefined): void {
    this.#admitted.add(`${uid} ${identityId ?? ''} ${roleName}`)
    const oldest = this.#admitted.size > MOST_REMEMBERED ? this.#admitted.values().next().value : undefined
    if (oldest !== undefined) this.#admitted.delete(oldest)
  }
}
