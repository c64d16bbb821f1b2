/**
 * Homes and the files in them. Every change first locks the row of its home. So of two callers that create the same
 * file exactly one succeeds (the lock of a bundle depends on it), no file is left in a directory that is being removed,
 * and the totals in the row match the files.
 */
import { sql } from 'kysely'
import type { IdentityId } from '../domain/ids.ts'
import type { Home, WorkspaceObject } from '../domain/workspace-files.ts'
import type { WorkspaceFileStore } from '../operations/ports/workspace-files.ts'
import type { HomeUsage } from '../policy/workspace-files.ts'
import { createInTurn } from './in-turn.ts'
import type { SystemQueries, SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

interface ObjectRow {
  readonly id: string
  readonly path: string
  readonly is_directory: boolean
  readonly size: string
  readonly created_at: Date
  readonly modified_at: Date
}

export const createWorkspaceFileStore = (database: SystemDatabase): WorkspaceFileStore => ({
  ...fileReads(database),
  ...fileChanges(database),
})

/** Reads the files of a home. */
const fileReads = (
  database: SystemDatabase,
): Pick<
  WorkspaceFileStore,
  'findObject' | 'readContents' | 'listObjects' | 'findDirectoryOwner' | 'listOwners'
> => ({
  findObject: (home, path) =>
    askSystemDatabase(async () => {
      const row = await objectsOf(database, home).where('path', '=', path).executeTakeFirst()
      return row === undefined ? undefined : toObject(row)
    }),

  readContents: (home, path) =>
    askSystemDatabase(async () => {
      const row = await database
        .selectFrom('workspace_object')
        .select('contents')
        .where('workspace_id', '=', home.workspaceId)
        .where('identity_id', '=', home.ownerId)
        .where('path', '=', path)
        .executeTakeFirst()
      return row?.contents ?? undefined
    }),

  listObjects: (home, directory) =>
    askSystemDatabase(async () => {
      const rows = await objectsOf(database, home).where('parent', '=', directory).orderBy('path').execute()
      return rows.map(toObject)
    }),

  findDirectoryOwner: (workspaceId, objectId) =>
    askSystemDatabase(async () => {
      const row = await database
        .selectFrom('workspace_object')
        .select('identity_id')
        .where('id', '=', objectId)
        .where('workspace_id', '=', workspaceId)
        .where('contents', 'is', null)
        .unionAll(
          database
            .selectFrom('workspace_home')
            .select('identity_id')
            .where('identity_id', '=', objectId)
            .where('workspace_id', '=', workspaceId),
        )
        .executeTakeFirst()
      return row === undefined ? undefined : (row.identity_id as IdentityId)
    }),

  listOwners: (workspaceId, atMost) =>
    askSystemDatabase(async () => {
      const rows = await database
        .selectFrom('workspace_home')
        .innerJoin('identity', 'identity.id', 'workspace_home.identity_id')
        .select(['identity.id', 'identity.name'])
        .where('workspace_home.workspace_id', '=', workspaceId)
        .where('workspace_home.objects', '>', 0)
        .orderBy('identity.name')
        .limit(atMost)
        .execute()
      return rows.map(({ id, name }) => ({ id: id as IdentityId, name }))
    }),
})

/** Changes of a home, one at a time. */
function fileChanges(
  database: SystemDatabase,
): Pick<WorkspaceFileStore, 'makeDirectories' | 'writeFile' | 'removeObject'> {
  const inTurn = createInTurn()
  const changeHome = <Result>(
    home: Home,
    change: (transaction: SystemTransaction, usage: HomeUsage) => Promise<Result>,
  ): Promise<Result | 'no_such_home'> =>
    inTurn(`${home.workspaceId} ${home.ownerId}`, () =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const usage = await lockHome(transaction, home)
          return usage === 'no_such_home' ? usage : change(transaction, usage)
        }),
      ),
    )

  return {
    makeDirectories: (home, paths, { now, admit }) =>
      changeHome(home, async (transaction, usage) => {
        const present = await objectsOf(transaction, home)
          .where('path', 'in', [...paths])
          .orderBy(sql`length(path)`)
          .execute()
        const file = present.find(({ is_directory }) => !is_directory)
        if (file !== undefined) return { fileAt: file.path }
        const missing = paths.filter((path) => !present.some((row) => row.path === path))
        if (missing.length === 0) return 'made'
        const after = { ...usage, objects: usage.objects + missing.length }
        admit(after)
        await transaction
          .insertInto('workspace_object')
          .values(missing.map((path) => ({ ...keyOf(home), path, contents: null, ...madeAt(now) })))
          .execute()
        await saveUsage(transaction, home, after)
        return 'made'
      }),

    writeFile: (home, { path, contents }, { overwrite, now, admit }) =>
      changeHome(home, async (transaction, usage) => {
        const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
        const rows = await objectsOf(transaction, home).where('path', 'in', [path, directory]).execute()
        const parent = rows.find((row) => row.path === directory)
        if (directory !== '' && parent?.is_directory !== true) return 'no_such_directory'
        const current = rows.find((row) => row.path === path)
        if (current !== undefined && (!overwrite || current.is_directory)) return 'exists'
        const after = {
          objects: usage.objects + (current === undefined ? 1 : 0),
          bytes: usage.bytes - Number(current?.size ?? 0) + contents.length,
        }
        admit(after)
        await transaction
          .insertInto('workspace_object')
          .values({ ...keyOf(home), path, contents, ...madeAt(now) })
          .onConflict((conflict) =>
            conflict
              .columns(['workspace_id', 'identity_id', 'path'])
              .doUpdateSet({ contents, modified_at: now }),
          )
          .execute()
        await saveUsage(transaction, home, after)
        return 'written'
      }),

    async removeObject(home, path, { recursive }) {
      const removed = await changeHome(home, async (transaction, usage) => {
        const object = await objectsOf(transaction, home).where('path', '=', path).executeTakeFirst()
        if (object === undefined) return 'missing' as const
        if (!recursive && object.is_directory) {
          const child = await objectsOf(transaction, home).where('parent', '=', path).limit(1).execute()
          if (child.length > 0) return 'not_empty' as const
        }
        // Every path below begins with the path and a slash, and sorts before the path followed by the next character
        // after the slash.
        const { rows } = await sql<{ objects: number; bytes: string }>`
          WITH gone AS (
            DELETE FROM workspace_object
             WHERE workspace_id = ${home.workspaceId}::bigint AND identity_id = ${home.ownerId}::bigint
               AND (path = ${path} OR (path > ${`${path}/`} AND path < ${`${path}0`}))
            RETURNING size)
          SELECT count(*)::integer AS objects, coalesce(sum(size), 0)::text AS bytes FROM gone`.execute(
          transaction,
        )
        const [gone] = rows
        await saveUsage(transaction, home, {
          objects: usage.objects - (gone?.objects ?? 0),
          bytes: usage.bytes - Number(gone?.bytes ?? 0),
        })
        return 'removed' as const
      })
      return removed === 'no_such_home' ? 'missing' : removed
    },
  }
}

/**
 * The owner's row is locked first, as deleting an owner does. PostgreSQL checks the foreign keys of a row again when
 * this transaction has changed it before, and without this order it would wait for a transaction that waits for the
 * home.
 */
async function lockHome(transaction: SystemTransaction, home: Home): Promise<HomeUsage | 'no_such_home'> {
  const { rows } = await sql`
    SELECT FROM workspace, identity
     WHERE workspace.id = ${home.workspaceId}::bigint AND identity.id = ${home.ownerId}::bigint
       FOR KEY SHARE`.execute(transaction)
  if (rows.length === 0) return 'no_such_home'
  const row = await transaction
    .insertInto('workspace_home')
    .values(keyOf(home))
    .onConflict((conflict) =>
      conflict
        .columns(['workspace_id', 'identity_id'])
        .doUpdateSet(({ ref }) => ({ objects: ref('workspace_home.objects') })),
    )
    .returning(['objects', 'bytes'])
    .executeTakeFirstOrThrow()
  return { objects: row.objects, bytes: Number(row.bytes) }
}

const saveUsage = (transaction: SystemTransaction, home: Home, usage: HomeUsage) =>
  transaction
    .updateTable('workspace_home')
    .set(usage)
    .where('workspace_id', '=', home.workspaceId)
    .where('identity_id', '=', home.ownerId)
    .execute()

/** Without the contents of the files. */
const objectsOf = (database: SystemQueries, home: Home) =>
  database
    .selectFrom('workspace_object')
    .select(['id', 'path', 'size', 'created_at', 'modified_at'])
    .select(sql<boolean>`contents IS NULL`.as('is_directory'))
    .where('workspace_id', '=', home.workspaceId)
    .where('identity_id', '=', home.ownerId)

const keyOf = ({ workspaceId, ownerId }: Home) => ({ workspace_id: workspaceId, identity_id: ownerId })
const madeAt = (now: Date) => ({ created_at: now, modified_at: now })

const toObject = (row: ObjectRow): WorkspaceObject => ({
  id: row.id,
  type: row.is_directory ? 'DIRECTORY' : 'FILE',
  path: row.path,
  size: Number(row.size),
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
})
