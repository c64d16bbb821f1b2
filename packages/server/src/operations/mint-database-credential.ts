/** Mints a database credential: loads the facts, asks the policy, signs, leaves a record (behaviours 1–8). */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import type { Redacted } from '../domain/redacted.ts'
import { decideMint, type MintableInstance } from '../policy/credential.ts'
import { instancePermission, type Caller } from '../policy/permissions.ts'
import { refuse } from '../policy/refusals.ts'
import { mintDatabaseCredential } from '../tokens/mint.ts'
import type { AuditLog, Clock, InstanceRoles, InstanceStore, TokenKeys } from './ports.ts'
import { RefusedError } from './refused-error.ts'

/** Keeps a token below 1 KiB (DESIGN §5): each instance adds a UUID to it. */
const MOST_INSTANCES = 10

export interface MintPorts {
  readonly instances: Pick<InstanceStore, 'findByName' | 'loadPermission'>
  readonly roles: Pick<InstanceRoles, 'hasRoleBoundTo'>
  readonly keys: Pick<TokenKeys, 'signingKey'>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly issuerOf: (workspaceId: WorkspaceId) => Promise<string | undefined>
}

/**
 * @param instanceNames exact names; repeated ones count once
 * @throws RefusedError invalid_parameter, instance_not_found, permission_denied, scope_insufficient,
 *   instance_state_conflict
 */
export type MintCredential = (
  caller: Caller,
  instanceNames: readonly string[],
) => Promise<{ readonly token: Redacted<string>; readonly expiresAt: Date }>

export function createMintCredential(ports: MintPorts): MintCredential {
  return async (caller, instanceNames) => {
    const names = [...new Set(instanceNames)]
    try {
      const instances = await loadInstances(ports, caller, names)
      const mintable = await Promise.all(instances.map((instance) => loadMintFacts(ports, caller, instance)))
      const verdict = decideMint(caller, mintable)
      if (verdict !== 'permitted') throw new RefusedError(verdict)
      const tokenId = randomUUID()
      const minted = await mintDatabaseCredential(
        {
          issuer: await requireIssuer(ports, caller.workspaceId),
          identityId: caller.identity.id,
          workspaceId: caller.workspaceId,
          instances: instances.map(({ uid }) => uid),
          tokenId,
          now: ports.clock(),
        },
        await ports.keys.signingKey(),
      )
      ports.audit.record({ ...describe(caller, names), outcome: 'admitted', tokenId })
      return minted
    } catch (error) {
      const reason = error instanceof RefusedError ? error.refusal.name : 'fault'
      ports.audit.record({
        ...describe(caller, names),
        outcome: error instanceof RefusedError ? 'refused' : 'failed',
        reason,
      })
      throw error
    }
  }
}

async function requireIssuer(ports: MintPorts, workspaceId: WorkspaceId): Promise<string> {
  const issuer = await ports.issuerOf(workspaceId)
  // The caller was authenticated in it a moment ago.
  if (issuer === undefined) throw new RefusedError(refuse('workspace_not_found', { id: workspaceId }))
  return issuer
}

const describe = (caller: Caller, names: readonly string[]) => ({
  event: 'mint_database_credential' as const,
  identityId: caller.identity.id,
  identityName: caller.identity.name,
  workspaceId: caller.workspaceId,
  instanceName: names.slice(0, MOST_INSTANCES).join(','),
})

async function loadInstances(
  ports: MintPorts,
  caller: Caller,
  names: readonly string[],
): Promise<readonly DatabaseInstance[]> {
  // behaviour 2; claims, the other way to say what for, are refused by the route until they are supported
  if (names.length === 0) {
    throw new RefusedError(
      refuse('invalid_parameter', {
        field: 'instance_names',
        problem: 'name at least one database instance.',
      }),
    )
  }
  if (names.length > MOST_INSTANCES) {
    throw new RefusedError(
      refuse('invalid_parameter', {
        field: 'instance_names',
        problem: `name at most ${String(MOST_INSTANCES)} database instances.`,
      }),
    )
  }
  const found = await Promise.all(
    names.map(async (name) => ports.instances.findByName(caller.workspaceId, name)),
  )
  return found.map((instance, index) => {
    // behaviour 7
    if (instance === undefined)
      throw new RefusedError(refuse('instance_not_found', { name: names[index] ?? '' }))
    return instance
  })
}

async function loadMintFacts(
  ports: MintPorts,
  caller: Caller,
  instance: DatabaseInstance,
): Promise<MintableInstance> {
  // Who manages the instance in any case needs neither a grant nor a role; neither is asked for.
  if (instancePermission(caller, instance, undefined) === 'CAN_MANAGE')
    return { instance, granted: undefined, hasRole: 'unknown' }
  const identityIds = [caller.identity.id, ...caller.groupIds]
  const granted = await ports.instances.loadPermission(instance.uid, identityIds)
  // Whoever manages the instance needs no role; the instance is asked only for the others.
  if (instancePermission(caller, instance, granted) === 'CAN_MANAGE')
    return { instance, granted, hasRole: 'unknown' }
  if (instance.state !== 'AVAILABLE') return { instance, granted, hasRole: 'unknown' }
  return { instance, granted, hasRole: await ports.roles.hasRoleBoundTo(instance, identityIds) }
}
