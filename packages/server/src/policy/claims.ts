/** Whether the claims of a credential are permitted (behaviour 9). Pure; the same at minting and at every login. */
import type { CatalogEntry, ClaimedTable } from '../domain/catalog.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { Caller } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

/** A table that claims name, with what the registry knows about it now. */
export interface ClaimedTableFacts {
  readonly name: string
  /** Undefined when neither the table nor its catalog is registered. */
  readonly location: ClaimedTable | undefined
  /** The creators of the entries of the table and of its catalog. */
  readonly creatorIds: readonly IdentityId[]
  /** SELECT on the table, its schema or its catalog, granted to the identity or a group that contains it. */
  readonly isGranted: boolean
}

/**
 * @returns the tables, or a sentence for the owner of the credential: why the first table that fails is not permitted
 */
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

/** Removing an entry, and granting and revoking on it: its creator, and those who manage its database instance. */
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
