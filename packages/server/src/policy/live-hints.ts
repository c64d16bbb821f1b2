/**
 * Who may receive which hint: everyone who may read what it is about. Pure, and returns no refusals: there are
 * thousands of hints.
 */
import type { InstanceUid } from '../domain/ids.ts'
import type { LiveHint } from '../domain/live-hint.ts'
import {
  decideManageAccount,
  decideManageWorkspace,
  instancePermission,
  type Caller,
  type InstancePermissionLevel,
} from './permissions.ts'

export interface HintListener {
  readonly caller: Caller
  /** Permissions granted to the caller or its groups, in its workspace. */
  readonly granted: ReadonlyMap<InstanceUid, InstancePermissionLevel>
  readonly readsAuditOfWorkspace: boolean
  readonly readsAuditOfAccount: boolean
}

export const createHintListener = (
  caller: Caller,
  granted: ReadonlyMap<InstanceUid, InstancePermissionLevel>,
): HintListener => ({
  caller,
  granted,
  readsAuditOfWorkspace: decideManageWorkspace(caller, caller.workspaceId) === 'permitted',
  readsAuditOfAccount: decideManageAccount(caller) === 'permitted',
})

export function mayHear(listener: HintListener, hint: LiveHint): boolean {
  const { caller } = listener
  switch (hint.kind) {
    // As for reading the instance: every member of the workspace (get-database-instance.ts).
    case 'instance':
      return hint.instance.workspaceId === caller.workspaceId
    // As for listing the sessions of the instance (decideManageInstance).
    case 'sessions':
      return (
        instancePermission(caller, hint.instance, listener.granted.get(hint.instance.uid)) === 'CAN_MANAGE'
      )
    case 'audit':
      return (
        listener.readsAuditOfAccount ||
        (listener.readsAuditOfWorkspace && hint.workspaceId === caller.workspaceId)
      )
  }
}
