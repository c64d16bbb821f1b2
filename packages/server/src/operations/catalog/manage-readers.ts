/**
 * Who may read a catalog, one of its schemas or a table through claims: SELECT, modelled on Unity Catalog's grants.
 * None of this reaches PostgreSQL; it decides about claims only (behaviour 9).
 */
import { parseSecurableName, type CatalogEntry } from '../../domain/catalog.ts'
import { IDENTITY_TYPES, type Identity } from '../../domain/identity.ts'
import { decideManageEntry } from '../../policy/claims.ts'
import type { Caller } from '../../policy/permissions.ts'
import { managesInstanceOf, requireEntry } from './manage-catalog.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { CatalogStore } from '../ports/catalog.ts'
import type { Directory } from '../ports/directory.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export const SECURABLE_TYPES = ['CATALOG', 'SCHEMA', 'TABLE'] as const
export type SecurableType = (typeof SECURABLE_TYPES)[number]

export interface ReaderPorts {
  readonly catalog: Pick<CatalogStore, 'findEntry' | 'listReaders' | 'changeReaders'>
  readonly store: Pick<InstanceStore, 'loadInstance' | 'loadPermission'>
  readonly directory: Pick<Directory, 'findAssignedByName'>
  readonly audit: AuditLog
}

export interface Securable {
  readonly type: SecurableType
  /** `catalog`, `catalog.schema` or `catalog.schema.table`. */
  readonly name: string
}

/** @throws RefusedError catalog_entry_not_found */
export async function listReaders(
  ports: ReaderPorts,
  caller: Caller,
  securable: Securable,
): Promise<readonly Identity[]> {
  const entry = await requireEntryOf(ports, caller, securable)
  return ports.catalog.listReaders(entry.uid, securable.name)
}

/**
 * @param change names in the form of Unity Catalog's principals: user name, application id, or group name
 * @throws RefusedError catalog_entry_not_found, permission_denied, identity_not_found
 */
export async function changeReaders(
  ports: ReaderPorts,
  caller: Caller,
  securable: Securable,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<readonly Identity[]> {
  const entry = await requireEntryOf(ports, caller, securable)
  requirePermitted(decideManageEntry(caller, entry, await managesInstanceOf(ports, caller, entry)))
  const idsOf = (names: readonly string[]) =>
    Promise.all(names.map(async (name) => (await requirePrincipal(ports, caller, name)).id))
  await ports.catalog.changeReaders(entry.uid, securable.name, {
    add: await idsOf(change.add),
    remove: await idsOf(change.remove),
  })
  ports.audit.record({
    event: 'change_readers',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    instanceUid: entry.instanceUid,
    detail: securable.name,
  })
  return ports.catalog.listReaders(entry.uid, securable.name)
}

/**
 * A table has an entry of its own, or belongs to that of its catalog; a schema always belongs to that of its catalog.
 */
async function requireEntryOf(
  ports: ReaderPorts,
  caller: Caller,
  { type, name }: Securable,
): Promise<CatalogEntry> {
  const parts = parseSecurableName(name)
  const depth =
    parts === undefined ? undefined : [parts.catalog, parts.schema, parts.table].filter(Boolean).length
  if (parts === undefined || depth !== SECURABLE_TYPES.indexOf(type) + 1) {
    throw refused('catalog_entry_not_found', { kind: type.toLowerCase(), name: name.slice(0, 200) })
  }
  const own = type === 'TABLE' ? await ports.catalog.findEntry(caller.workspaceId, 'TABLE', name) : undefined
  return own ?? requireEntry(ports.catalog, caller, { kind: 'CATALOG', name: parts.catalog })
}

/** An identity of any type; when several have this name, the order of the types decides, users first. */
async function requirePrincipal({ directory }: ReaderPorts, caller: Caller, name: string): Promise<Identity> {
  for (const type of IDENTITY_TYPES) {
    const found = await directory.findAssignedByName(caller.workspaceId, type, name)
    if (found !== undefined) return found
  }
  throw refused('identity_not_found', { type: 'principal', name: name.slice(0, 256) })
}
