/** What claims need of the world: the registry of tables, and the databases that it names. */
import type { CatalogEntry, CatalogEntryKind } from '../../domain/catalog.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../../domain/ids.ts'
import type { ClaimedTableFacts } from '../../policy/claims.ts'

/** What claims name, and whether an identity may read it: fresh at every minting and every login. */
export interface ClaimReader {
  /** In the order of the names. */
  loadClaimedTables(
    identityId: IdentityId,
    workspaceId: WorkspaceId,
    names: readonly string[],
  ): Promise<readonly ClaimedTableFacts[]>
  /** The tables of a claim set; the set itself as one that is not registered when it is not there. */
  loadClaimSet(
    identityId: IdentityId,
    workspaceId: WorkspaceId,
    claimSetId: string,
  ): Promise<readonly ClaimedTableFacts[]>
}

/** The registry of tables that claims may name, and of who may read them. */
export interface CatalogStore extends ClaimReader {
  /** Remembers the names under an id that follows from them. Forgets sets whose last token is dead. */
  saveClaimSet(workspaceId: WorkspaceId, names: readonly string[], now: Date): Promise<string>
  insertEntry(
    entry: Omit<CatalogEntry, 'uid' | 'creatorId'> & {
      readonly creatorId: IdentityId
      readonly createdAt: Date
    },
  ): Promise<CatalogEntry | 'name_taken'>
  findEntry(workspaceId: WorkspaceId, kind: CatalogEntryKind, name: string): Promise<CatalogEntry | undefined>
  /** Ordered by name, beginning behind `after`. */
  listEntries(
    instanceUid: InstanceUid,
    kind: CatalogEntryKind,
    page: { readonly after: string | undefined; readonly size: number },
  ): Promise<readonly CatalogEntry[]>
  /** Its grants go with it. */
  removeEntry(uid: string): Promise<boolean>
  /** Who was granted SELECT on exactly this catalog, schema or table. */
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

/** The same, over the standing administrative connection. */
export interface InstanceDatabaseList {
  /** Those that take connections, without templates; ordered by name. */
  listDatabases(instance: DatabaseInstance, atMost: number): Promise<readonly string[]>
}
