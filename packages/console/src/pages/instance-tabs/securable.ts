/**
 * Names of objects on which SELECT is granted: `catalog`, `catalog.schema`, `catalog.schema.table`. No part contains a
 * dot.
 */
import type { Securable, SecurableType } from '../../data/registered-tables.ts'

const TYPES: readonly SecurableType[] = ['catalog', 'schema', 'table']

/** @returns undefined when the name is invalid */
export function securableOf(name: string): Securable | undefined {
  const parts = name.split('.')
  const type = TYPES[parts.length - 1]
  return type === undefined || parts.includes('') ? undefined : { type, name }
}

export const catalogOf = (name: string): string => name.split('.')[0] ?? ''

/** Without the catalog: `schema.table`. */
export const withoutCatalog = (name: string): string => name.split('.').slice(1).join('.')
