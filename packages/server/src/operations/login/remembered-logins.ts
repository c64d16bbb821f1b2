/**
 * What earlier logins have seen, of use for one thing only: to ask the right questions at the same moment, instead of one
 * after the other. It chooses which proof a client is asked for and where a role is looked up; no verdict comes from here
 * (DESIGN §5), since all of it is read again behind the proof.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { IdentityId, InstanceUid } from '../../domain/ids.ts'

/** The oldest goes first. */
const MOST_ROLES = 10_000

export class RememberedLogins {
  readonly #instances = new Map<InstanceUid, DatabaseInstance>()
  readonly #groups = new Map<string, IdentityId>()

  /** As it was at the last login, if it could be logged in to and nothing was said of a change since. */
  instance(uid: InstanceUid): DatabaseInstance | undefined {
    return this.#instances.get(uid)
  }

  learnInstance(instance: DatabaseInstance): void {
    if (instance.state === 'AVAILABLE') this.#instances.set(instance.uid, instance)
    else this.#instances.delete(instance.uid)
  }

  /** Some instance has changed, or may have. */
  forgetInstances(): void {
    this.#instances.clear()
  }

  /** The group that the role was bound to. */
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
