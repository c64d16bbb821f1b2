/**
 * Records that an instance is wanted; the supervisor creates it. The row is stored durably as STARTING before anything
 * is created, so nothing is ever created without a record (behaviours 54, 63).
 */
import {
  isInstanceName,
  type DatabaseInstance,
  type InstanceSettings,
} from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { decideNativeLoginOf } from '../../policy/attached-cluster.ts'
import { decideInstanceSettings, decideLogicalReplicationOf } from '../../policy/instance-settings.ts'
import { decideLocalInstance, type LocalInstances } from '../../policy/local-instance.ts'
import { decideScope, type Caller } from '../../policy/permissions.ts'
import { requireAttachable, type AttachPorts, type WantedAttachment } from './change-attached-cluster.ts'
import { refused, requirePermitted } from '../refused-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { InstanceSupervisor, ListenerAllocator } from '../ports/clusters.ts'
import type { InstanceStore } from '../ports/instances.ts'

export interface CreateDatabaseInstancePorts extends AttachPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'insert'>
  readonly listeners: ListenerAllocator
  readonly supervisor: InstanceSupervisor
  readonly clock: Clock
  /** A random UUID, never one that was used before. */
  readonly newInstanceUid: () => InstanceUid
  readonly instancesPerWorkspace: number
  readonly localInstances: LocalInstances
}

/**
 * Any member of the workspace may create instances and owns those it created (lakebase-behaviour §3). Fewer may attach
 * clusters (policy/attached-cluster.ts).
 * @returns the instance in state STARTING
 * @throws RefusedError `invalid_parameter`, `instance_already_exists`, `quota_exceeded`, `scope_insufficient`,
 * `local_instances_refused`
 */
export async function createDatabaseInstance(
  ports: CreateDatabaseInstancePorts,
  caller: Caller,
  request: {
    readonly name: string
    readonly settings: InstanceSettings
    /** An existing cluster to attach; left out, the instance gets a cluster of its own. */
    readonly attached?: WantedAttachment | undefined
  },
): Promise<DatabaseInstance> {
  const { name, settings } = request
  const { workspaceId, identity } = caller
  requirePermitted(decideScope(caller, ['postgres']))
  if (request.attached === undefined) requirePermitted(decideLocalInstance(ports.localInstances))
  if (!isInstanceName(name)) {
    throw refused('invalid_parameter', {
      field: 'name',
      problem: 'must have 1 to 63 letters, digits and hyphens and begin with a letter.',
    })
  }
  requirePermitted(decideInstanceSettings(settings))
  const attached =
    request.attached === undefined ? undefined : requireAttachable(ports, caller, request.attached)
  if (attached !== undefined) {
    const backend = { kind: 'attached', cluster: attached.cluster, bindings: undefined } as const
    requirePermitted(decideNativeLoginOf(backend, settings))
    requirePermitted(decideLogicalReplicationOf(backend.kind, settings))
  }
  // Checked first, so that a repeated creation allocates no listener and gets the same answer at the limit as below it.
  if ((await ports.store.findByName(workspaceId, name)) !== undefined) {
    throw refused('instance_already_exists', { name })
  }

  const uid = ports.newInstanceUid()
  const inserted = await ports.store.insert(
    {
      uid,
      workspaceId,
      name,
      settings,
      state: 'STARTING',
      creatorId: identity.id,
      creatorName: identity.name,
      createdAt: ports.clock(),
      listener: await ports.listeners.allocate(uid),
      attached,
    },
    { atMost: ports.instancesPerWorkspace },
  )
  if (inserted === 'name_taken') throw refused('instance_already_exists', { name })
  if (inserted === 'limit_reached') {
    const most = String(ports.instancesPerWorkspace)
    throw refused('quota_exceeded', {
      problem: `The workspace has ${most} database instances, which is its limit. Delete one, or have an operator raise the limit.`,
    })
  }
  ports.supervisor.wake(uid)
  return inserted
}
