/**
 * What earlier logins have seen. It serves only to ask the right questions at the same time instead of one after the
 * other: it chooses which proof a client is asked for and where a role is looked up. No verdict depends on it (DESIGN
 * §5), because everything is read again after the proof.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityId, InstanceUid } from '../../domain/ids.ts'

/** The oldest is dropped first. */
const MOST_ROLES = 10_000

export class RememberedLogins {
  readonly #instances = new Map<InstanceUid, DatabaseInstance>()
  #changes = 0
  readonly #groups = new Map<string, IdentityId>()

  /** The instance as of the last login, if it was available then and no change has been reported since. */
  instance(uid: InstanceUid): DatabaseInstance | undefined {
    return this.#instances.get(uid)
  }

  /** To be taken before an instance is read: what was read before a change is not remembered after it. */
  get changes(): number {
    return this.#changes
  }

  /** @param readAt `changes` before it was read */
  learnInstance(instance: DatabaseInstance, readAt: number): void {
    if (readAt !== this.#changes) return
    if (instance.state === 'AVAILABLE') this.#instances.set(instance.uid, instance)
    else this.#instances.delete(instance.uid)
  }

  /** Called when some instance has changed, or may have. */
  forgetInstances(): void {
    this.#changes += 1
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
    const oldest = this.#groups.size > MOST_ROLES ? this.#groups.keys().next().value : undefined
    if (oldest !== undefined) this.#groups.delete(oldest)
  }
}
