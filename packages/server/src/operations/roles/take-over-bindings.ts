/**
 * Moves the bindings of roles from the table in which an earlier version kept them, in the cluster itself, to the
 * system database; once for each instance. Any role that could write to that table may have forged a row, and nothing
 * distinguishes it from a real one: so every row is on record, whether it was taken over or not, before it takes
 * effect.
 */
import type { BackendRole } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { parseIdentityBinding } from '../../domain/identity-binding.ts'
import type { KeptAuditLog } from '../ports/audit.ts'
import type { KeptBinding, RoleBindingStore } from '../ports/role-bindings.ts'

/** A row of the table. */
export interface FoundBinding {
  readonly role: BackendRole
  readonly label: string
  readonly isMadeByLakegate: boolean
  /** Undefined when a role with this object id and this name exists and may be bound. */
  readonly problem: 'role_gone' | 'role_of_the_system' | undefined
}

export interface TakeOverBindingsPorts {
  readonly bindings: Pick<RoleBindingStore, 'takeOverBindings'>
  readonly audit: KeptAuditLog
}

/** As many records as the audit log takes at once. */
const RECORDS_AT_A_TIME = 1_000
/** Longer than any label; longer texts of unknown origin are cut off. */
const LONGEST_LABEL = 100

/**
 * @returns how many were taken over
 * @throws Fault audit_not_kept, retryable; then nothing was taken over
 */
export async function takeOverBindings(
  { bindings, audit }: TakeOverBindingsPorts,
  instance: DatabaseInstance,
  found: readonly FoundBinding[],
): Promise<number> {
  const taken: KeptBinding[] = []
  for (const [index, { role, label, isMadeByLakegate, problem }] of found.entries()) {
    const binding = parseIdentityBinding(label)
    const reason = problem ?? (binding === undefined ? 'label_malformed' : undefined)
    if (reason === undefined && binding !== undefined) taken.push({ role, binding, isMadeByLakegate })
    audit.record({
      event: 'take_over_binding',
      outcome: reason === undefined ? 'admitted' : 'refused',
      ...(reason === undefined ? {} : { reason }),
      role: role.name,
      detail: label.slice(0, LONGEST_LABEL),
      workspaceId: instance.workspaceId,
      instanceUid: instance.uid,
      instanceName: instance.name,
    })
    if (index % RECORDS_AT_A_TIME === RECORDS_AT_A_TIME - 1) await audit.kept()
  }
  await audit.kept()
  await bindings.takeOverBindings(instance.uid, taken)
  return taken.length
}
