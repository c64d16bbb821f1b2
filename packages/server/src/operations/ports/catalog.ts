/** The ports of claims: the registry of tables, and the databases that it names. */
import type { CatalogEntry, CatalogEntryKind } from '../../domain/catalog.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../domain/ids.ts'
import type { ClaimedTableFacts } from '../../policy/claims.ts'

/** Which tables claims name, and whether an identity may read them; read again at every minting and every login. */
export interface ClaimReader {
  /** In the order of the names. */
  loadClaimedTables(
    identityId: IdentityId,
    workspaceId: WorkspaceId,
    names: readonly string[],
  ): Promise<readonly ClaimedTableFacts[]>
  /** The tables of a claim set; when the set does not exist, one unregistered table stands for it. */
  loadClaimSet(
    identityId: IdentityId,
    workspaceId: WorkspaceId,
    claimSetId: string,
  ): Promise<readonly ClaimedTableFacts[]>
}

/** The registry of tables that claims may name, and of who may read them. */
export interface CatalogStore extends ClaimReader {
  /** Stores the names under an id derived from them. Removes sets whose last token has expired. */
  saveClaimSet(workspaceId: WorkspaceId, names: readonly string[], now: Date): Promise<string>
  insertEntry(
    entry: Omit<CatalogEntry, 'uid' | 'creatorId'> & {
      readonly creatorId: IdentityId
      readonly createdAt: Date
    },
  ): Promise<CatalogEntry | 'name_taken'>
  findEntry(workspaceId: WorkspaceId, kind: CatalogEntryKind, name: string): Promise<CatalogEntry | undefined>
  /** Ordered by name, starting after `after`. */
  listEntries(
    instanceUid: InstanceUid,
    kind: CatalogEntryKind,
    page: { readonly after: string | undefined; readonly size: number },
  ): Promise<readonly CatalogEntry[]>
  /** Also removes its grants. */
  removeEntry(uid: string): Promise<boolean>
  /** The identities that were granted SELECT on exactly this catalog, schema or table. */
  listReaders(entryUid: string, securable: string): Promise<readonly Identity[]>
  changeReaders(
    entryUid: string,
    securable: string,
    change: { readonly add: readonly IdentityId[]; readonly remove: readonly IdentityId[] },
  ): Promise<void>
}

/** The databases inside a running instance. */
export interface InstanceDatabases {
  /** @throws RefusedError database_not_usable, template_database_in_use, system_role_taken */
  ensureDatabase(
    instance: DatabaseInstance,
    name: string,
    options: { readonly create: boolean },
  ): Promise<'exists' | 'created' | 'missing'>
}

/** The same, over the permanent administrative connection. */
export interface InstanceDatabaseList {
  /** Databases that accept connections, without templates; ordered by name. */
  listDatabases(instance: DatabaseInstance, atMost: number): Promise<readonly string[]>
}
