/**
 * Reads the audit log: a workspace administrator reads what happened in the workspace, an account administrator
 * everything.
 */
import { decideManageAccount, decideManageWorkspace, type Caller } from '../../policy/permissions.ts'
import type { AuditFilter, AuditStore, KeptAuditRecord } from '../ports/audit.ts'
import { requirePermitted } from '../refused-error.ts'

export interface ReadAuditPorts {
  readonly auditRecords: Pick<AuditStore, 'pageOfRecords'>
}

export interface AuditPage {
  readonly before: { readonly at: Date; readonly id: string } | undefined
  readonly size: number
}

/** @throws RefusedError permission_denied */
export async function readAudit(
  { auditRecords }: ReadAuditPorts,
  caller: Caller,
  of: 'workspace' | 'account',
  filter: Omit<AuditFilter, 'workspaceId'>,
  page: AuditPage,
): Promise<{ readonly records: readonly KeptAuditRecord[]; readonly hasMore: boolean }> {
  requirePermitted(
    of === 'account' ? decideManageAccount(caller) : decideManageWorkspace(caller, caller.workspaceId),
  )
  const workspaceId = of === 'account' ? undefined : caller.workspaceId
  const found = await auditRecords.pageOfRecords({ ...filter, workspaceId }, { ...page, size: page.size + 1 })
  return { records: found.slice(0, page.size), hasMore: found.length > page.size }
}
