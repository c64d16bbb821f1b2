/**
 * Changes of the directory: each in one transaction, based on the row that it locks. Locks are always taken in the same
 * order, so that no two changes deadlock: first memberships as a whole, then the identity, then the groups that it is
 * in.
 */
import { sql, type RawBuilder } from 'kysely'
import type { DirectoryScope, IdentityChange, IdentityRecord, KeptValue } from '../domain/directory.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import { nameKeysOf } from '../domain/name-keys.ts'
import { findNameProblem } from '../domain/names.ts'
import type {
  DirectoryConflict,
  IdentityStore,
  IdentityTarget,
  NewIdentity,
} from '../operations/ports/identities.ts'
import { changeAdministrators, changeMembers, lockMemberships } from './group-members.ts'
import { toRecord } from './identity-rows.ts'
import { isInScope, isInside } from './membership.ts'
import { nameColumns } from './name-columns.ts'
import { hasName, isNamed } from './name-condition.ts'
import type { SystemTransaction } from './schema.ts'
import { askSystemDatabase, violatedIndexOf, type SystemDatabase } from './system-database.ts'

export function createIdentityWrites(
  database: SystemDatabase,
): Pick<IdentityStore, 'createIdentity' | 'changeIdentity' | 'removeIdentity'> {
  return {
    createIdentity: (identity, { assignTo, members }) =>
      atomically(database, async (transaction) => {
        if (members.length > 0) await lockMemberships(transaction)
        const made = await insert(transaction, identity)
        if (made === undefined) return takeIn(transaction, identity, assignTo)
        if (assignTo !== undefined) await assign(transaction, assignTo, made.id)
        if (members.length === 0) return made
        const scope = { accountId: identity.accountId, workspaceId: assignTo }
        undoOn(
          await changeMembers(transaction, scope, made.id, { replace: undefined, add: members, remove: [] }),
        )
        return reload(transaction, made.id)
      }),

    changeIdentity: (scope, target, decide) =>
      atomically(database, async (transaction) => {
        if (target.type === 'GROUP') await lockMemberships(transaction)
        const current = await lock(transaction, scope, target, sql`FOR NO KEY UPDATE OF identity`)
        if (current === undefined) return undefined
        const { attributes, members, administrators } = decide(current)
        if (Object.keys(attributes).length > 0) await update(transaction, current, attributes)
        if (members !== undefined) undoOn(await changeMembers(transaction, scope, current.id, members))
        if (administrators !== undefined) {
          const { workspaceId, change } = administrators
          undoOn(await changeAdministrators(transaction, scope, workspaceId, change))
        }
        return reload(transaction, current.id)
      }),

    removeIdentity: (scope, target, decide) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // Deleting an identity also removes it from its groups.
          await lockMemberships(transaction)
          const current = await lock(transaction, scope, target, sql`FOR UPDATE OF identity`)
          if (current === undefined) return false
          const assignments = await transaction
            .selectFrom('workspace_assignment')
            .select('workspace_id')
            .where('identity_id', '=', current.id)
            .execute()
          const removal = decide(
            current,
            assignments.map((row) => row.workspace_id as WorkspaceId),
          )
          if (removal.from === 'account') {
            await transaction.deleteFrom('identity').where('id', '=', current.id).execute()
          } else {
            await transaction
              .deleteFrom('workspace_assignment')
              .where('identity_id', '=', current.id)
              .where('workspace_id', '=', removal.workspaceId)
              .execute()
          }
          return true
        }),
      ),
  }
}

/** @returns undefined when the name is taken, or looks like a name that is taken */
async function insert(
  transaction: SystemTransaction,
  identity: NewIdentity,
): Promise<IdentityRecord | undefined> {
  const row = await transaction
    .insertInto('identity')
    .values({
      account_id: identity.accountId,
      type: identity.type,
      name: identity.name,
      display_name: identity.displayName,
      active: identity.active,
      external_id: identity.externalId ?? null,
      given_name: identity.givenName ?? null,
      family_name: identity.familyName ?? null,
      home_workspace_id: identity.homeWorkspaceId ?? null,
      is_account_admin: identity.isAccountAdmin,
      roles: asJson(identity.roles ?? []),
      entitlements: asJson(identity.entitlements ?? []),
      ...nameColumns(identity),
    })
    // Waits for a concurrent transaction that is about to take the name.
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toRecord(row)
}

/**
 * Assigns an identity that exists in the account but not yet in the workspace. The name, or one that looks the same, is
 * taken already.
 */
async function takeIn(
  transaction: SystemTransaction,
  { accountId, type, name }: NewIdentity,
  assignTo: WorkspaceId | undefined,
): Promise<IdentityRecord> {
  const existing = await transaction
    .selectFrom('identity')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('type', '=', type)
    .where('system_group', 'is', null)
    .where((where) =>
      where.or([hasName(type, name), where('name_canonical', '=', nameKeysOf(name).canonical)]),
    )
    .orderBy(hasName(type, name), 'desc')
    .forKeyShare()
    .executeTakeFirst()
  if (existing === undefined) throw new RolledBack({ conflict: 'name_looks_taken' })
  const isNewHere =
    isNamed(existing, name) &&
    assignTo !== undefined &&
    type !== 'GROUP' &&
    (await assign(transaction, assignTo, existing.id as IdentityId, { unlessInside: true }))
  if (!isNewHere) throw new RolledBack({ conflict: 'name_taken' })
  return toRecord(existing)
}

/** @returns false when it was assigned before or, if asked to check, when it is in the workspace through a group */
async function assign(
  transaction: SystemTransaction,
  workspaceId: WorkspaceId,
  id: IdentityId,
  { unlessInside = false } = {},
): Promise<boolean> {
  const result = await transaction
    .insertInto('workspace_assignment')
    .columns(['workspace_id', 'identity_id', 'permission'])
    .expression((query) =>
      query
        .selectFrom('identity')
        .select([
          sql<string>`${workspaceId}::bigint`.as('workspace_id'),
          'id as identity_id',
          sql<'USER'>`'USER'`.as('permission'),
        ])
        .where('id', '=', id)
        .$if(unlessInside, (narrowed) => narrowed.where(sql<boolean>`NOT ${isInside(workspaceId)}`)),
    )
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

async function lock(
  transaction: SystemTransaction,
  { accountId, workspaceId }: DirectoryScope,
  { id, type }: IdentityTarget,
  strength: RawBuilder<unknown>,
): Promise<IdentityRecord | undefined> {
  const row = await transaction
    .selectFrom('identity')
    .selectAll('identity')
    .where('identity.account_id', '=', accountId)
    .where('identity.id', '=', id)
    .where('identity.type', '=', type)
    .where(isInScope(workspaceId))
    .modifyEnd(strength)
    .executeTakeFirst()
  return row === undefined ? undefined : toRecord(row)
}

async function update(
  transaction: SystemTransaction,
  current: IdentityRecord,
  change: IdentityChange,
): Promise<void> {
  const { type, name, displayName } = { ...current, ...change }
  const keys = nameKeysOf(name)
  await transaction
    .updateTable('identity')
    .set((set) => ({
      ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
      ...(change.active === undefined ? {} : { active: change.active }),
      ...('externalId' in change ? { external_id: change.externalId ?? null } : {}),
      ...('givenName' in change ? { given_name: change.givenName ?? null } : {}),
      ...('familyName' in change ? { family_name: change.familyName ?? null } : {}),
      ...(change.isAccountAdmin === undefined ? {} : { is_account_admin: change.isAccountAdmin }),
      ...(change.roles === undefined ? {} : { roles: asJson(change.roles) }),
      ...(change.entitlements === undefined ? {} : { entitlements: asJson(change.entitlements) }),
      ...(name === current.name
        ? {}
        : { name, name_canonical: keys.canonical, name_skeleton: keys.skeleton }),
      // An unchanged name keeps its problem, if it collides with another name.
      ...(name === current.name && displayName === current.displayName
        ? {}
        : {
            name_problem: sql<
              string | null
            >`CASE WHEN ${name === current.name}::boolean AND name_canonical IS NULL
              THEN name_problem ELSE ${findNameProblem({ type, name, displayName }) ?? null}::text END`,
          }),
      version: set('version', '+', '1'),
      updated_at: sql<Date>`now()`,
    }))
    .where('id', '=', current.id)
    .execute()
}

const asJson = (values: readonly KeptValue[]): RawBuilder<readonly KeptValue[]> =>
  sql`${JSON.stringify(values)}::jsonb`

async function reload(transaction: SystemTransaction, id: IdentityId): Promise<IdentityRecord> {
  return toRecord(
    await transaction.selectFrom('identity').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  )
}

/** Thrown to roll the transaction back, so that nothing is changed. */
class RolledBack extends Error {
  readonly conflict: DirectoryConflict

  constructor(conflict: DirectoryConflict) {
    super(`the change was undone: ${conflict.conflict}`)
    this.conflict = conflict
  }
}

function undoOn(conflict: DirectoryConflict | undefined): void {
  if (conflict !== undefined) throw new RolledBack(conflict)
}

const NAME_CONFLICTS: Readonly<Record<string, DirectoryConflict>> = {
  identity_name: { conflict: 'name_taken' },
  identity_user_name: { conflict: 'name_taken' },
  identity_name_canonical: { conflict: 'name_taken' },
  identity_name_skeleton: { conflict: 'name_looks_taken' },
}

async function atomically<Result>(
  database: SystemDatabase,
  work: (transaction: SystemTransaction) => Promise<Result>,
): Promise<Result | DirectoryConflict> {
  return askSystemDatabase(async () => {
    try {
      return await database.transaction().execute(work)
    } catch (error) {
      const conflict =
        error instanceof RolledBack ? error.conflict : NAME_CONFLICTS[violatedIndexOf(error) ?? '']
      if (conflict === undefined) throw error
      return conflict
    }
  })
}
