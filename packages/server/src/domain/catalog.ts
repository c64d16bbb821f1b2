/**
 * The registry of tables that the claims of a credential may name, modelled on Unity Catalog: a catalog stands for all
 * tables of one database, and a table may also be registered alone. The last two parts of a table's name are exactly
 * its schema and its name in PostgreSQL.
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
  /** Undefined when the creator has been deleted since. */
  readonly creatorId: IdentityId | undefined
}

/** The parts of `name`: catalog, schema and table, as many as it has. */
export interface SecurableName {
  readonly catalog: string
  readonly schema: string | undefined
  readonly table: string | undefined
}

/** PostgreSQL truncates longer names; catalogs use the same limit. */
const LONGEST_PART_BYTES = 63
/** Dots separate the parts of a name; Unity Catalog allows no spaces, slashes or control characters in one. */
// eslint-disable-next-line no-control-regex -- they are what is refused
const PART = /^[^.\s/\u0000-\u001f\u007f]+$/

/** @returns undefined unless the name has one to three parts */
export function parseSecurableName(text: string): SecurableName | undefined {
  const parts = text.split('.', 4)
  const [catalog, schema, table, more] = parts
  const isWhole = parts.every((part) => PART.test(part) && Buffer.byteLength(part) <= LONGEST_PART_BYTES)
  return isWhole && catalog !== undefined && more === undefined ? { catalog, schema, table } : undefined
}

/** A table that the claims of a credential name, and where it is. */
export interface ClaimedTable {
  readonly name: string
  readonly instanceUid: InstanceUid
  readonly databaseName: string
  readonly schemaName: string
  readonly tableName: string
}
