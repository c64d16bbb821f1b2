/** What the claims of a credential may name (behaviour 9). Pure; the same at minting and at every login. */
import type { CatalogEntry, ClaimedTable } from '../domain/catalog.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { Caller } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

/** A table of claims, as the registry knows it now. */
export interface ClaimedTableFacts {
  readonly name: string
  /** Undefined when neither the table nor its catalog is registered. */
  readonly location: ClaimedTable | undefined
  /** Who registered the table or its catalog. */
  readonly creatorIds: readonly IdentityId[]
  /** SELECT on the table, its schema or its catalog, to the identity or a group above it. */
  readonly isGranted: boolean
}

/** @returns the tables, or why the first of them that does not hold does not, as a sentence for its owner */
export function decideClaims(
  identity: { readonly id: IdentityId; readonly name: string },
  tables: readonly ClaimedTableFacts[],
): { readonly readable: readonly ClaimedTable[] } | { readonly problem: string } {
  const readable: ClaimedTable[] = []
  for (const { name, location, creatorIds, isGranted } of tables) {
    if (location === undefined) return { problem: `The table ${name} is not registered.` }
    if (!isGranted && !creatorIds.includes(identity.id))
      return { problem: `User ${identity.name} does not have SELECT on table ${name}.` }
    readable.push(location)
  }
  return { readable }
}

/** Removing an entry, granting and revoking on it: whoever registered it, and whoever manages its database instance. */
export function decideManageEntry(
  caller: Pick<Caller, 'identity'>,
  entry: Pick<CatalogEntry, 'creatorId' | 'name'>,
  managesInstance: boolean,
): 'permitted' | Refusal {
  return managesInstance || caller.identity.id === entry.creatorId
    ? 'permitted'
    : refuse('permission_denied', {
        reason: `User ${caller.identity.name} neither registered ${entry.name} nor manages its database instance.`,
      })
}
