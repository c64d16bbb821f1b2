/**
 * Registers what the claims of a credential may name (behaviours 9, 10): a catalog for all tables of a database, or a
 * single table. Registering makes tables readable regardless of their grants in PostgreSQL, so it is reserved for those
 * who manage the database instance.
 */
import { parseSecurableName, type CatalogEntry, type CatalogEntryKind } from '../../domain/catalog.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { decideManageEntry } from '../../policy/claims.ts'
import { decideManageInstance, instancePermission, type Caller } from '../../policy/permissions.ts'
import { getDatabaseInstance } from '../instances/get-database-instance.ts'
import { requireDisplayName } from '../directory/identity-names.ts'
import { loadGrantedPermission } from '../instances/load-granted-permission.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { CatalogStore, InstanceDatabases } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { InstanceStore } from '../ports/instances.ts'
import { refused, type RefusedError, requirePermitted } from '../refused-error.ts'

export interface CatalogPorts {
  readonly catalog: Pick<CatalogStore, 'insertEntry' | 'findEntry' | 'listEntries' | 'removeEntry'>
  readonly store: Pick<InstanceStore, 'findByName' | 'loadInstance' | 'loadPermission'>
  readonly databases: InstanceDatabases
  readonly audit: AuditLog
  readonly clock: Clock
}

/** An entry with the present name of its database instance. */
export interface ShownEntry extends CatalogEntry {
  readonly instanceName: string
}

const LARGEST_PAGE = 100

/**
 * @param request.instanceName may be left out, like `databaseName`, for a table whose catalog is registered
 * @throws RefusedError invalid_parameter, instance_not_found, permission_denied, instance_state_conflict,
 *   catalog_entry_already_exists, database_not_usable, template_database_in_use
 */
export async function registerEntry(
  ports: CatalogPorts,
  caller: Caller,
  request: {
    readonly kind: CatalogEntryKind
    readonly name: string
    readonly instanceName: string | undefined
    readonly databaseName: string | undefined
    readonly createDatabase: boolean
  },
): Promise<ShownEntry> {
  const { catalog } = requireName(request.kind, request.name)
  const whole =
    request.kind === 'TABLE'
      ? await ports.catalog.findEntry(caller.workspaceId, 'CATALOG', catalog)
      : undefined
  const instanceName = request.instanceName ?? (whole && (await show(ports, whole)).instanceName)
  const databaseName = request.databaseName ?? whole?.databaseName
  if (instanceName === undefined) throw missing('database_instance_name')
  if (databaseName === undefined)
    throw missing(request.kind === 'TABLE' ? 'logical_database_name' : 'database_name')
  const instance = await getDatabaseInstance(ports, caller, { name: instanceName })
  requirePermitted(
    decideManageInstance(caller, instance, await loadGrantedPermission(ports.store, caller, instance)),
  )
  if (instance.state !== 'AVAILABLE') {
    throw refused('instance_state_conflict', {
      name: instance.name,
      state: instance.state,
      problem: 'its databases can be listed and checked only while it is AVAILABLE.',
    })
  }
  const nameTaken = () => refused('catalog_entry_already_exists', { name: request.name })
  // Checked first, so that no database is created for an entry that cannot be stored: the two have no common
  // transaction. An entry stored in between leaves a database behind, which the next attempt uses.
  if ((await ports.catalog.findEntry(caller.workspaceId, request.kind, request.name)) !== undefined)
    throw nameTaken()
  await requireDatabase(ports, instance, { name: databaseName, create: request.createDatabase })
  const entry = await ports.catalog.insertEntry({
    workspaceId: caller.workspaceId,
    kind: request.kind,
    name: request.name,
    instanceUid: instance.uid,
    databaseName,
    creatorId: caller.identity.id,
    createdAt: ports.clock(),
  })
  if (entry === 'name_taken') throw nameTaken()
  record(ports, caller, entry)
  return { ...entry, instanceName: instance.name }
}

/** @throws RefusedError catalog_entry_not_found */
export async function getEntry(
  ports: CatalogPorts,
  caller: Caller,
  request: { readonly kind: CatalogEntryKind; readonly name: string },
): Promise<ShownEntry> {
  return show(ports, await requireEntry(ports.catalog, caller, request))
}

/** The catalogs, or the single tables, of one database instance. @throws RefusedError instance_not_found */
export async function listEntries(
  ports: CatalogPorts,
  caller: Caller,
  request: {
    readonly kind: CatalogEntryKind
    readonly instanceName: string
    readonly after: string | undefined
    readonly size: number | undefined
  },
): Promise<{ readonly entries: readonly ShownEntry[]; readonly next: string | undefined }> {
  const instance = await getDatabaseInstance(ports, caller, { name: request.instanceName })
  const size = Math.min(Math.max(request.size ?? LARGEST_PAGE, 1), LARGEST_PAGE)
  const entries = await ports.catalog.listEntries(instance.uid, request.kind, { after: request.after, size })
  return {
    entries: entries.map((entry) => ({ ...entry, instanceName: instance.name })),
    next: entries.length === size ? entries.at(-1)?.name : undefined,
  }
}

/**
 * The real service accepts updates for terraform's sake, and they change nothing. A catalog can never stand for
 * something else here either: the grants on it would then apply to other tables.
 * @throws RefusedError catalog_entry_not_found, permission_denied, invalid_parameter for every field that differs
 */
export async function updateCatalog(
  ports: CatalogPorts,
  caller: Caller,
  name: string,
  wanted: {
    readonly name: string | undefined
    readonly instanceName: string | undefined
    readonly databaseName: string | undefined
  },
): Promise<ShownEntry> {
  const entry = await requireEntry(ports.catalog, caller, { kind: 'CATALOG', name })
  requirePermitted(decideManageEntry(caller, entry, await managesInstanceOf(ports, caller, entry)))
  const shown = await show(ports, entry)
  const fields = [
    ['name', wanted.name, shown.name],
    ['database_instance_name', wanted.instanceName, shown.instanceName],
    ['database_name', wanted.databaseName, shown.databaseName],
  ] as const
  for (const [field, value, current] of fields) {
    if (value === undefined || value === current) continue
    const problem =
      'a catalog cannot be changed; delete it and register it again. Its grants are deleted with it.'
    throw refused('invalid_parameter', { field, problem })
  }
  return shown
}

/** The tables themselves stay as they are; tokens whose claims name the entry open nothing any more. */
export async function removeEntry(
  ports: CatalogPorts,
  caller: Caller,
  request: { readonly kind: CatalogEntryKind; readonly name: string },
): Promise<void> {
  const entry = await requireEntry(ports.catalog, caller, request)
  requirePermitted(decideManageEntry(caller, entry, await managesInstanceOf(ports, caller, entry)))
  if (!(await ports.catalog.removeEntry(entry.uid))) throw notFound(request)
  record(ports, caller, entry)
}

/** @throws RefusedError catalog_entry_not_found */
export async function requireEntry(
  catalog: Pick<CatalogStore, 'findEntry'>,
  caller: Caller,
  request: { readonly kind: CatalogEntryKind; readonly name: string },
): Promise<CatalogEntry> {
  const entry =
    parseSecurableName(request.name) === undefined
      ? undefined
      : await catalog.findEntry(caller.workspaceId, request.kind, request.name)
  if (entry === undefined) throw notFound(request)
  return entry
}

export async function managesInstanceOf(
  ports: { readonly store: Pick<InstanceStore, 'loadInstance' | 'loadPermission'> },
  caller: Caller,
  entry: CatalogEntry,
): Promise<boolean> {
  const instance = await ports.store.loadInstance(entry.instanceUid)
  if (instance === undefined) return false
  const granted = await loadGrantedPermission(ports.store, caller, instance)
  return instancePermission(caller, instance, granted) === 'CAN_MANAGE'
}

function requireName(kind: CatalogEntryKind, name: string) {
  const parts = parseSecurableName(name)
  const fits = kind === 'CATALOG' ? parts?.schema === undefined : parts?.table !== undefined
  if (parts !== undefined && fits) {
    // Names of schemas and tables are PostgreSQL's, and may be anything.
    requireDisplayName(parts.catalog, 'name')
    return parts
  }
  throw refused('invalid_parameter', {
    field: 'name',
    problem:
      kind === 'CATALOG'
        ? 'must be one part of at most 63 bytes, without dots, spaces and slashes.'
        : 'must be catalog.schema.table, each part of at most 63 bytes, without spaces and slashes.',
  })
}

async function requireDatabase(
  { databases }: CatalogPorts,
  instance: DatabaseInstance,
  { name, create }: { readonly name: string; readonly create: boolean },
): Promise<void> {
  if (create) requireDisplayName(name, 'database_name')
  const problem =
    name === '' || Buffer.byteLength(name) > 63 || name.includes('\u0000') || name.startsWith('template')
      ? `${name.slice(0, 64)} is not the name of a database for users.`
      : (await databases.ensureDatabase(instance, name, { create })) === 'missing'
        ? `there is no database ${name} in ${instance.name}; create it, or send create_database_if_not_exists.`
        : undefined
  if (problem !== undefined) throw refused('invalid_parameter', { field: 'database_name', problem })
}

async function show({ store }: Pick<CatalogPorts, 'store'>, entry: CatalogEntry): Promise<ShownEntry> {
  const instance = await store.loadInstance(entry.instanceUid)
  // Deleted together with its instance between two queries.
  if (instance === undefined) throw notFound(entry)
  return { ...entry, instanceName: instance.name }
}

function record({ audit }: CatalogPorts, caller: Caller, entry: CatalogEntry): void {
  audit.record({
    event: 'register_table',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    instanceUid: entry.instanceUid,
    database: entry.databaseName,
    detail: entry.name,
  })
}

const missing = (field: string): RefusedError =>
  refused('invalid_parameter', { field, problem: 'is missing.' })

const notFound = ({ kind, name }: Pick<CatalogEntry, 'kind' | 'name'>): RefusedError =>
  refused('catalog_entry_not_found', { kind: kind.toLowerCase(), name: name.slice(0, 200) })
