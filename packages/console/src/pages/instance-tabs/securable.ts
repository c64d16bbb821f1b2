/** Names of what SELECT is granted on: `catalog`, `catalog.schema`, `catalog.schema.table`. No part has a dot in it. */
import type { Securable, SecurableType } from '../../data/registered-tables.ts'

const TYPES: readonly SecurableType[] = ['catalog', 'schema', 'table']

/** Undefined when it is no such name. */
export function securableOf(name: string): Securable | undefined {
  const parts = name.split('.')
  const type = TYPES[parts.length - 1]
  return type === undefined || parts.includes('') ? undefined : { type, name }
}

export const catalogOf = (name: string): string => name.split('.')[0] ?? ''

/** Below its catalog: `schema.table`. */
export const withoutCatalog = (name: string): string => name.split('.').slice(1).join('.')
