/** Database instances: their wanted settings, their actual state, and the permissions on them. */
import { sql, type Insertable, type Selectable } from 'kysely'
import type { DatabaseInstance, InstanceListener, InstanceSettings } from '../domain/database-instance.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'
import type { InstanceStore } from '../operations/ports/instances.ts'
import type { InstancePermissionLevel } from '../policy/permissions.ts'
import { attachedColumn, backendOf, foundColumns, saveAdministrativePassword } from './attached-clusters.ts'
import { toIdentity } from './identity-rows.ts'
import { namedQuery } from './named-query.ts'
import type { SystemQueries, SystemSchema } from './schema.ts'
import {
  askSystemDatabase,
  askSystemDatabaseTogether,
  isUniqueViolation,
  type SystemDatabase,
} from './system-database.ts'

export type InstanceRow = Selectable<SystemSchema['database_instance']>
type Row = InstanceRow

interface NameQuestion {
  readonly workspaceId: WorkspaceId
  readonly name: string
}

/** Parallel arrays: the elements at one index belong to one question. */
interface NameQuestions {
  readonly workspaceIds: readonly WorkspaceId[]
  readonly names: readonly string[]
}

const instancesByNameQuery = ({ workspaceIds, names }: NameQuestions) => sql<
  Row & { readonly question: number }
>`
  SELECT asked.question::int, instance.*
    FROM unnest(${workspaceIds}::bigint[], ${names}::text[]) WITH ORDINALITY AS asked (workspace_id, name, question)
    CROSS JOIN LATERAL (
      SELECT * FROM database_instance AS instance
       WHERE instance.workspace_id = asked.workspace_id AND instance.name = asked.name OFFSET 0
    ) AS instance`

const instancesByUidQuery = ({ uids }: { readonly uids: readonly InstanceUid[] }) => sql<
  Row & { readonly question: number }
>`
  SELECT asked.question::int, instance.*
    FROM unnest(${uids}::uuid[]) WITH ORDINALITY AS asked (uid, question)
    CROSS JOIN LATERAL (
      SELECT * FROM database_instance AS instance WHERE instance.uid = asked.uid OFFSET 0
    ) AS instance`

interface PermissionQuestion {
  readonly uid: InstanceUid
  readonly identityIds: readonly IdentityId[]
}

/** One row for each identity of each question. */
interface PermissionQuestions {
  readonly questions: readonly number[]
  readonly uids: readonly InstanceUid[]
  readonly identityIds: readonly IdentityId[]
}

function linesOf(asked: readonly PermissionQuestion[]): PermissionQuestions {
  const lines = asked.flatMap(({ uid, identityIds }, index) =>
    identityIds.map((identityId) => ({ question: index + 1, uid, identityId })),
  )
  return {
    questions: lines.map(({ question }) => question),
    uids: lines.map(({ uid }) => uid),
    identityIds: lines.map(({ identityId }) => identityId),
  }
}

const permissionsQuery = ({ questions, uids, identityIds }: PermissionQuestions) => sql<{
  readonly question: number
  readonly level: InstancePermissionLevel
}>`
  SELECT asked.question, permission.level
    FROM unnest(${questions}::int[], ${uids}::uuid[], ${identityIds}::bigint[]) AS asked (question, instance_uid, identity_id)
    CROSS JOIN LATERAL (
      SELECT level FROM database_instance_permission AS permission
       WHERE permission.instance_uid = asked.instance_uid AND permission.identity_id = asked.identity_id OFFSET 0
    ) AS permission`

export const createInstanceStore = (database: SystemDatabase): InstanceStore => ({
  ...instanceReads(database),
  ...instanceChanges(database),
  ...instanceRecords(database),
  ...instancePermissions(database),
})

/** Reads instances. */
function instanceReads(
  database: SystemDatabase,
): Pick<InstanceStore, 'loadInstance' | 'findByName' | 'listPage' | 'count' | 'listAll'> {
  const rows = () => database.selectFrom('database_instance').selectAll('database_instance')
  const instancesByUid = namedQuery(database, 'instances_by_uid', ['uids'], instancesByUidQuery)
  const instancesByName = namedQuery(
    database,
    'instances_by_name',
    ['workspaceIds', 'names'],
    instancesByNameQuery,
  )
  const askByUid = askSystemDatabaseTogether({
    keyOf: (uid: InstanceUid) => uid,
    ask: (uids) => instancesByUid({ uids }),
    answer: ([row]) => toInstance(row),
    mostUnderWay: 1,
  })
  const askByName = askSystemDatabaseTogether({
    keyOf: ({ workspaceId, name }: NameQuestion) => `${workspaceId} ${name}`,
    ask: (questions) =>
      instancesByName({
        workspaceIds: questions.map(({ workspaceId }) => workspaceId),
        names: questions.map(({ name }) => name),
      }),
    answer: ([row]) => toInstance(row),
  })

  return {
    loadInstance: askByUid,

    findByName: (workspaceId, name) => askByName({ workspaceId, name }),

    listPage: (workspaceId, { after, size }) =>
      askSystemDatabase(async () => {
        let query = rows().where('workspace_id', '=', workspaceId)
        if (after !== undefined) {
          // A row comparison: exactly the rows that follow in the order of the page.
          query = query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('created_at', 'uid'), '>', tuple(after.createdAt, after.uid)),
          )
        }
        const found = await query.orderBy('created_at').orderBy('uid').limit(size).execute()
        return found.map(instanceOf)
      }),

    count: (workspaceId) => askSystemDatabase(() => countIn(database, workspaceId)),

    listAll: () =>
      askSystemDatabase(async () =>
        (await rows().orderBy('created_at').orderBy('uid').execute()).map(instanceOf),
      ),
  }
}

/** Changes of the wanted settings, each based on what the caller has read. */
function instanceChanges(
  database: SystemDatabase,
): Pick<InstanceStore, 'insert' | 'updateSettings' | 'updateState' | 'updateAttachedCluster' | 'remove'> {
  /** An update that matches the row only while state and settings are those on which the caller based its decision. */
  const asObserved = (observed: DatabaseInstance, within: SystemQueries = database) => {
    const columns = settingsColumns(observed.settings)
    return within
      .updateTable('database_instance')
      .where('uid', '=', observed.uid)
      .where('state', '=', observed.state)
      .where('capacity', 'is not distinct from', columns.capacity)
      .where('stopped', 'is not distinct from', columns.stopped)
      .where('node_count', 'is not distinct from', columns.node_count)
      .where('enable_readable_secondaries', 'is not distinct from', columns.enable_readable_secondaries)
      .where('enable_pg_native_login', 'is not distinct from', columns.enable_pg_native_login)
      .where('retention_window_in_days', 'is not distinct from', columns.retention_window_in_days)
      .where('usage_policy_id', 'is not distinct from', columns.usage_policy_id)
      .where(sql<boolean>`custom_tags IS NOT DISTINCT FROM ${columns.custom_tags}::jsonb`)
      .where('enable_logical_replication', 'is not distinct from', columns.enable_logical_replication)
      .where(sql<boolean>`session_policy IS NOT DISTINCT FROM ${columns.session_policy}::jsonb`)
  }

  return {
    insert: (instance, { atMost }) =>
      askSystemDatabase(async () => {
        try {
          return await database.transaction().execute(async (transaction) => {
            // The lock on the workspace makes counting and inserting atomic among concurrent callers.
            await transaction
              .selectFrom('workspace')
              .select('id')
              .where('id', '=', instance.workspaceId)
              .forUpdate()
              .executeTakeFirst()
            if ((await countIn(transaction, instance.workspaceId)) >= atMost) return 'limit_reached' as const
            const row = await transaction
              .insertInto('database_instance')
              .values({
                uid: instance.uid,
                workspace_id: instance.workspaceId,
                name: instance.name,
                creator_id: instance.creatorId,
                creator_name: instance.creatorName,
                created_at: instance.createdAt,
                state: instance.state,
                listener_host: instance.listener.host,
                listener_port: instance.listener.port ?? null,
                attached_cluster: attachedColumn(instance.attached?.cluster),
                ...settingsColumns(instance.settings),
              })
              .returningAll()
              .executeTakeFirstOrThrow()
            if (instance.attached !== undefined) {
              await saveAdministrativePassword(transaction, instance.uid, instance.attached.encryptedPassword)
            }
            return instanceOf(row)
          })
        } catch (error) {
          if (isUniqueViolation(error)) return 'name_taken' as const
          throw error
        }
      }),

    updateSettings: (observed, { settings, state }) =>
      askSystemDatabase(async () =>
        toInstance(
          await asObserved(observed)
            .set({ ...settingsColumns(settings), state })
            .returningAll()
            .executeTakeFirst(),
        ),
      ),

    updateState: (observed, state) =>
      askSystemDatabase(async () =>
        toInstance(await asObserved(observed).set({ state }).returningAll().executeTakeFirst()),
      ),

    updateAttachedCluster: (observed, { cluster, encryptedPassword, state }) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const row = await asObserved(observed, transaction)
            .set({ attached_cluster: attachedColumn(cluster), state })
            .returningAll()
            .executeTakeFirst()
          if (row !== undefined && encryptedPassword !== undefined)
            await saveAdministrativePassword(transaction, observed.uid, encryptedPassword)
          return toInstance(row)
        }),
      ),

    remove: (uid) =>
      askSystemDatabase(async () => {
        await database.deleteFrom('database_instance').where('uid', '=', uid).execute()
      }),
  }
}

/** Records facts that were found out about instances. */
const instanceRecords = (
  database: SystemDatabase,
): Pick<InstanceStore, 'recordFault' | 'recordCluster' | 'recordListener' | 'recordPooledListener'> => ({
  recordFault: (uid, fault) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('database_instance')
        .set({
          fault_code: fault?.code ?? null,
          fault_message: fault?.message ?? null,
          fault_next_step: fault?.nextStep ?? null,
          fault_since: fault?.since ?? null,
        })
        .where('uid', '=', uid)
        .execute()
    }),

  recordCluster: (uid, cluster) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('database_instance')
        .set({
          system_identifier: cluster.systemIdentifier,
          pg_major_version: cluster.pgMajorVersion,
          ...foundColumns(cluster.backend),
        })
        .where('uid', '=', uid)
        .execute()
    }),

  recordListener: (uid, listener) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('database_instance')
        .set({
          listener_host: listener.host,
          listener_port: listener.port ?? null,
          listener_own_port: listener.ownPort ?? null,
        })
        .where('uid', '=', uid)
        .execute()
    }),

  recordPooledListener: (uid, listener) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('database_instance')
        .set({
          pooled_host: listener?.host ?? null,
          pooled_port: listener?.port ?? null,
          pooled_own_port: listener?.ownPort ?? null,
        })
        .where('uid', '=', uid)
        .execute()
    }),
})

/** Permissions on instances. */
function instancePermissions(
  database: SystemDatabase,
): Pick<InstanceStore, 'loadPermission' | 'loadPermissionsIn' | 'listPermissions' | 'replacePermissions'> {
  const permissions = namedQuery(
    database,
    'instance_permissions',
    ['questions', 'uids', 'identityIds'],
    permissionsQuery,
  )
  const askForPermission = askSystemDatabaseTogether({
    keyOf: ({ uid, identityIds }: PermissionQuestion) => `${uid} ${identityIds.join(' ')}`,
    ask: (questions) => permissions(linesOf(questions)),
    answer: (rows) => {
      const levels = rows.map(({ level }) => level)
      if (levels.includes('CAN_MANAGE')) return 'CAN_MANAGE'
      return levels.includes('CAN_USE') ? 'CAN_USE' : undefined
    },
  })

  return {
    loadPermission: (uid, identityIds) => askForPermission({ uid, identityIds }),

    loadPermissionsIn: (workspaceId, identityIds) =>
      askSystemDatabase(async () => {
        const granted = await database
          .selectFrom('database_instance_permission as permission')
          .innerJoin('database_instance as instance', 'instance.uid', 'permission.instance_uid')
          .select(['permission.instance_uid', 'permission.level'])
          .where('instance.workspace_id', '=', workspaceId)
          .where('permission.identity_id', 'in', identityIds)
          .execute()
        const strongest = new Map<InstanceUid, InstancePermissionLevel>()
        for (const { instance_uid, level } of granted) {
          const uid = instance_uid as InstanceUid
          if (strongest.get(uid) !== 'CAN_MANAGE') strongest.set(uid, level)
        }
        return strongest
      }),

    listPermissions: (uid) =>
      askSystemDatabase(async () => {
        const granted = await database
          .selectFrom('database_instance_permission as permission')
          .innerJoin('identity', 'identity.id', 'permission.identity_id')
          .select([
            'identity.id',
            'identity.type',
            'identity.name',
            'identity.display_name',
            'identity.active',
            'permission.level',
          ])
          .where('permission.instance_uid', '=', uid)
          .orderBy('identity.id')
          .execute()
        return granted.map((row) => ({ identity: toIdentity(row), level: row.level }))
      }),

    replacePermissions: (uid, grants, { keepOthers }) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          if (!keepOthers) {
            await transaction
              .deleteFrom('database_instance_permission')
              .where('instance_uid', '=', uid)
              .execute()
          }
          if (grants.length === 0) return
          await transaction
            .insertInto('database_instance_permission')
            .values(
              grants.map(({ identityId, level }) => ({
                instance_uid: uid,
                identity_id: identityId,
                level,
              })),
            )
            .onConflict((conflict) =>
              conflict
                .columns(['instance_uid', 'identity_id'])
                .doUpdateSet((update) => ({ level: update.ref('excluded.level') })),
            )
            .execute()
        }),
      ),
  }
}

async function countIn(database: SystemQueries, workspaceId: WorkspaceId): Promise<number> {
  const { live } = await database
    .selectFrom('database_instance')
    .select((select) => select.fn.countAll<string>().as('live'))
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow()
  return Number(live)
}

function settingsColumns(settings: InstanceSettings) {
  return {
    capacity: settings.capacity ?? null,
    stopped: settings.stopped ?? null,
    node_count: settings.nodeCount ?? null,
    enable_readable_secondaries: settings.enableReadableSecondaries ?? null,
    enable_pg_native_login: settings.enablePgNativeLogin ?? null,
    retention_window_in_days: settings.retentionWindowInDays ?? null,
    usage_policy_id: settings.usagePolicyId ?? null,
    custom_tags: settings.customTags === undefined ? null : JSON.stringify(settings.customTags),
    session_policy: settings.sessionPolicy === undefined ? null : JSON.stringify(settings.sessionPolicy),
    enable_logical_replication: settings.enableLogicalReplication ?? null,
  } satisfies Partial<Insertable<SystemSchema['database_instance']>>
}

const toInstance = (row: Row | undefined): DatabaseInstance | undefined =>
  row === undefined ? undefined : instanceOf(row)

export function instanceOf(row: Row): DatabaseInstance {
  return {
    uid: row.uid as InstanceUid,
    workspaceId: row.workspace_id as WorkspaceId,
    name: row.name,
    settings: {
      capacity: row.capacity ?? undefined,
      stopped: row.stopped ?? undefined,
      nodeCount: row.node_count ?? undefined,
      enableReadableSecondaries: row.enable_readable_secondaries ?? undefined,
      enablePgNativeLogin: row.enable_pg_native_login ?? undefined,
      retentionWindowInDays: row.retention_window_in_days ?? undefined,
      usagePolicyId: row.usage_policy_id ?? undefined,
      customTags: row.custom_tags ?? undefined,
      sessionPolicy: row.session_policy ?? undefined,
      enableLogicalReplication: row.enable_logical_replication ?? undefined,
    },
    state: row.state,
    fault: faultOf(row),
    creatorId: row.creator_id as IdentityId,
    creatorName: row.creator_name,
    createdAt: row.created_at,
    pgMajorVersion: row.pg_major_version ?? undefined,
    systemIdentifier: row.system_identifier ?? undefined,
    listener: listenerAt(row.listener_host, row.listener_port, row.listener_own_port),
    pooledListener:
      row.pooled_host === null
        ? undefined
        : listenerAt(row.pooled_host, row.pooled_port, row.pooled_own_port),
    backend: backendOf(row),
  }
}

const listenerAt = (host: string, port: number | null, ownPort: number | null): InstanceListener => ({
  host,
  port: port ?? undefined,
  ownPort: ownPort ?? undefined,
})

function faultOf(row: Row): DatabaseInstance['fault'] {
  if (row.fault_code === null || row.fault_message === null || row.fault_since === null) return undefined
  return {
    code: row.fault_code,
    message: row.fault_message,
    nextStep: row.fault_next_step ?? undefined,
    since: row.fault_since,
  }
}
