/**
 * The registry of tables that the claims of a credential may name, after Unity Catalog: a catalog stands for all
 * tables of one database, a table may be registered alone. The last two parts of a table's name are its schema and its
 * name in PostgreSQL, exactly.
 */
import type { IdentityId, InstanceUid, WorkspaceId } from './ids.ts'

export type CatalogEntryKind = 'CATALOG' | 'TABLE'

export interface CatalogEntry {
  readonly uid: string
  readonly workspaceId: WorkspaceId
  readonly kind: CatalogEntryKind
  /** `catalog`, or `catalog.schema.table`. */
  readonly name: string
  readonly instanceUid: InstanceUid
  readonly databaseName: string
  /** Undefined when the creator was deleted since. */
  readonly creatorId: IdentityId | undefined
}

/** Catalog, schema and table of `name`: as many of them as it has parts. */
export interface SecurableName {
  readonly catalog: string
  readonly schema: string | undefined
  readonly table: string | undefined
}

/** PostgreSQL cuts longer names; a catalog may use the same bound. */
const LONGEST_PART_BYTES = 63
/** Dots part the name; spaces, slashes and control characters are no part of one in Unity Catalog. */
// eslint-disable-next-line no-control-regex -- they are what is refused
const PART = /^[^.\s/\u0000-\u001f\u007f]+$/

/** Undefined unless it consists of one to three parts. */
export function parseSecurableName(text: string): SecurableName | undefined {
  const parts = text.split('.', 4)
  const [catalog, schema, table, more] = parts
  const isWhole = parts.every((part) => PART.test(part) && Buffer.byteLength(part) <= LONGEST_PART_BYTES)
  return isWhole && catalog !== undefined && more === undefined ? { catalog, schema, table } : undefined
}

/** A table that claims name, and where it is. */
export interface ClaimedTable {
  readonly name: string
  readonly instanceUid: InstanceUid
  readonly databaseName: string
  readonly schemaName: string
  readonly tableName: string
}
