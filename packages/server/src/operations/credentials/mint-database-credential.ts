/**
 * Mints a database credential: loads the facts, asks the policy, signs, and writes an audit record (behaviours 1–8).
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { decideMint } from '../../policy/credential.ts'
import type { Caller } from '../../policy/permissions.ts'
import { mintDatabaseCredential } from '../../tokens/mint.ts'
import { decideClaims } from '../../policy/claims.ts'
import { loadMintFacts } from './load-mint-facts.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { CatalogStore } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceStore } from '../ports/instances.ts'
import type { TokenKeys } from '../ports/keys.ts'
import { refused, RefusedError } from '../refused-error.ts'

/** Keeps a token below 1 KiB (DESIGN §5): each instance adds a UUID to it. */
const MOST_INSTANCES = 10

export interface MintPorts {
  readonly instances: Pick<InstanceStore, 'findByName' | 'loadInstance' | 'loadPermission'>
  readonly roles: Pick<InstanceRoles, 'hasRoleBoundTo'>
  readonly catalog: Pick<CatalogStore, 'loadClaimedTables' | 'saveClaimSet'>
  readonly keys: Pick<TokenKeys, 'signingKey'>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly issuerOf: (workspaceId: WorkspaceId) => Promise<string | undefined>
}

/** What the credential is to be valid for. */
export interface CredentialRequest {
  /** Exact names; a repeated name counts once. */
  readonly instanceNames: readonly string[]
  /** Tables that it can read in addition, as catalog.schema.table. */
  readonly readTables: readonly string[]
}

/**
 * The credential is valid for the named instances and for those that hold the tables of the claims.
 * @throws RefusedError invalid_parameter, instance_not_found, permission_denied, scope_insufficient,
 *   instance_state_conflict, claims_not_permitted
 */
export type MintCredential = (
  caller: Caller,
  request: CredentialRequest,
) => Promise<{ readonly token: Redacted<string>; readonly expiresAt: Date }>

export function createMintCredential(ports: MintPorts): MintCredential {
  return async (caller, request) => {
    const names = [...new Set(request.instanceNames)]
    const tables = [...new Set(request.readTables)]
    try {
      requireSomething(names, tables)
      const holders = tables.length === 0 ? [] : await loadHolders(ports, caller, tables)
      const instances = unite(await loadInstances(ports, caller, names), holders)
      const mintable = await Promise.all(
        instances.map((instance) =>
          loadMintFacts({ store: ports.instances, roles: ports.roles }, caller, instance),
        ),
      )
      const verdict = decideMint(caller, mintable)
      if (verdict !== 'permitted') throw new RefusedError(verdict)
      const tokenId = randomUUID()
      const minted = mintDatabaseCredential(
        {
          issuer: await requireIssuer(ports, caller.workspaceId),
          identityId: caller.identity.id,
          workspaceId: caller.workspaceId,
          instances: instances.map(({ uid }) => uid),
          claimSetId:
            tables.length === 0
              ? undefined
              : await ports.catalog.saveClaimSet(caller.workspaceId, tables, ports.clock()),
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
  // Cannot be missing in practice: the caller was just authenticated in this workspace.
  if (issuer === undefined) throw refused('workspace_not_found', { id: workspaceId })
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
  const found = await Promise.all(
    names.map(async (name) => ports.instances.findByName(caller.workspaceId, name)),
  )
  return found.map((instance, index) => {
    // behaviour 7
    if (instance === undefined) throw refused('instance_not_found', { name: names[index] ?? '' })
    return instance
  })
}

function requireSomething(names: readonly string[], tables: readonly string[]): void {
  // behaviour 2
  if (names.length === 0 && tables.length === 0) {
    throw refused('invalid_parameter', {
      field: 'instance_names',
      problem: 'name at least one database instance, or a table in claims.',
    })
  }
  if (names.length > MOST_INSTANCES) {
    throw refused('invalid_parameter', {
      field: 'instance_names',
      problem: `name at most ${String(MOST_INSTANCES)} database instances.`,
    })
  }
}

/** The instances that hold the tables; the caller may read all of these (behaviour 9). */
async function loadHolders(
  ports: MintPorts,
  caller: Caller,
  tables: readonly string[],
): Promise<readonly DatabaseInstance[]> {
  const facts = await ports.catalog.loadClaimedTables(caller.identity.id, caller.workspaceId, tables)
  const claims = decideClaims(caller.identity, facts)
  if ('problem' in claims) throw refused('claims_not_permitted', { problem: claims.problem })
  const uids = [...new Set(claims.readable.map(({ instanceUid }) => instanceUid))]
  const holders = await Promise.all(uids.map((uid) => ports.instances.loadInstance(uid)))
  return holders.filter((instance) => instance !== undefined)
}

function unite(
  named: readonly DatabaseInstance[],
  holders: readonly DatabaseInstance[],
): readonly DatabaseInstance[] {
  const all = new Map([...named, ...holders].map((instance) => [instance.uid, instance]))
  if (all.size <= MOST_INSTANCES) return [...all.values()]
  throw refused('invalid_parameter', {
    field: 'claims',
    problem: `the tables are on more than ${String(MOST_INSTANCES)} database instances.`,
  })
}
