/**
 * Takes the bindings of roles over from the table in which an earlier version kept them, in the cluster itself, into the
 * system database; once for each instance. Whoever could write that table may have forged a line, and nothing tells it
 * from a real one: so every line is on record, whether it was taken or not, before it counts.
 */
import type { BackendRole } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { parseIdentityBinding } from '../../domain/identity-binding.ts'
import type { KeptAuditLog } from '../ports/audit.ts'
import type { KeptBinding, RoleBindingStore } from '../ports/role-bindings.ts'

/** A line of the table. */
export interface FoundBinding {
  readonly role: BackendRole
  readonly label: string
  readonly isMadeByLakegate: boolean
  /** Undefined when the role is there under this object id and this name, and may be bound. */
  readonly problem: 'role_gone' | 'role_of_the_system' | undefined
}

export interface TakeOverBindingsPorts {
  readonly bindings: Pick<RoleBindingStore, 'takeOverBindings'>
  readonly audit: KeptAuditLog
}

/** As many as the audit carries at once. */
const RECORDS_AT_A_TIME = 1_000
/** Longer than any label; what somebody else wrote is not carried further than that. */
const LONGEST_LABEL = 100

/**
 * @returns how many were taken
 * @throws Fault audit_not_kept, retryable, and nothing was taken over then
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
