/**
 * Changes what is known of an attached cluster: its hosts, its certificate authority, the administrative role and
 * password. The supervisor then checks the cluster again; open sessions go on, because the cluster itself is not
 * touched.
 */
import type { AttachedCluster } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Redacted } from '../../domain/redacted.ts'
import {
  decideAdministrativePassword,
  decideAttach,
  decideAttachedCluster,
  decideNativeLoginOf,
  type AttachingCallers,
} from '../../policy/attached-cluster.ts'
import { decideManageInstance, type Caller } from '../../policy/permissions.ts'
import { changeObserved } from './change-observed.ts'
import { getDatabaseInstance } from './get-database-instance.ts'
import { loadGrantedPermission } from './load-granted-permission.ts'
import type { NewAttachment } from '../ports/attached.ts'
import type { InstanceSupervisor } from '../ports/clusters.ts'
import type { InstanceStore } from '../ports/instances.ts'
import type { KeyEncryption } from '../ports/keys.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface AttachPorts {
  readonly encryption: Pick<KeyEncryption, 'encrypt'>
  readonly attachingCallers: AttachingCallers
}

export interface ChangeAttachedClusterPorts extends AttachPorts {
  readonly store: Pick<InstanceStore, 'findByName' | 'loadPermission' | 'updateAttachedCluster'>
  readonly supervisor: InstanceSupervisor
}

/** The cluster to attach, with the administrative password. */
export interface WantedAttachment {
  readonly cluster: AttachedCluster
  readonly password: Redacted<string>
}

/** @throws RefusedError permission_denied, invalid_parameter */
export function requireAttachable(
  ports: AttachPorts,
  caller: Caller,
  { cluster, password }: WantedAttachment,
): NewAttachment {
  requirePermitted(decideAttach(caller, ports.attachingCallers))
  requirePermitted(decideAttachedCluster(cluster))
  requirePermitted(decideAdministrativePassword(password.reveal()))
  return { cluster, encryptedPassword: encrypt(ports, password) }
}

/**
 * @param request.change settings that are left out stay as they are
 * @throws RefusedError instance_not_found, permission_denied, invalid_parameter, instance_state_conflict
 */
export async function changeAttachedCluster(
  ports: ChangeAttachedClusterPorts,
  caller: Caller,
  request: {
    readonly name: string
    readonly change: Partial<AttachedCluster>
    readonly password: Redacted<string> | undefined
  },
): Promise<DatabaseInstance> {
  const { name, password } = request
  const changed = await changeObserved(name, async () => {
    const observed = await getDatabaseInstance(ports, caller, { name })
    requirePermitted(
      decideManageInstance(caller, observed, await loadGrantedPermission(ports.store, caller, observed)),
    )
    requirePermitted(decideAttach(caller, ports.attachingCallers))
    const { backend, state } = observed
    if (backend.kind !== 'attached') {
      throw refused('invalid_parameter', {
        field: 'attached',
        problem: 'cannot be set: the instance is one of Lakegate’s own.',
      })
    }
    if (state === 'DELETING') {
      throw refused('instance_state_conflict', { name, state, problem: 'it cannot be updated.' })
    }
    const cluster = { ...backend.cluster, ...request.change }
    requirePermitted(decideAttachedCluster(cluster))
    if (request.change.backendAuthentication !== undefined)
      requirePermitted(decideNativeLoginOf({ ...backend, cluster }, observed.settings))
    if (password !== undefined) requirePermitted(decideAdministrativePassword(password.reveal()))
    return ports.store.updateAttachedCluster(observed, {
      cluster,
      encryptedPassword: password === undefined ? undefined : encrypt(ports, password),
      state: state === 'STOPPED' ? 'STOPPED' : 'UPDATING',
    })
  })
  ports.supervisor.wake(changed.uid)
  return changed
}

const encrypt = ({ encryption }: AttachPorts, password: Redacted<string>): Uint8Array =>
  encryption.encrypt(Buffer.from(password.reveal(), 'utf8'))
