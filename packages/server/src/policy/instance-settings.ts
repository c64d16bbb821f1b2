/**
 * Which settings an instance may have, and the state to which a change of them leads. Pure. Refusals name fields as the
 * REST API does (wire-contract §1), because users know the settings only by these names.
 */
import {
  DEFAULT_RETENTION_DAYS,
  RETENTION_DAYS,
  effectiveCapacity,
  effectiveStopped,
  logicalReplicationEnabled,
  type CustomTag,
  type DatabaseInstance,
  type InstanceSettings,
  type InstanceState,
} from '../domain/database-instance.ts'
import { refuse, type Refusal } from './refusals.ts'

/** The name of every setting in the REST API. */
export const SETTING_FIELDS = {
  capacity: 'capacity',
  stopped: 'stopped',
  nodeCount: 'node_count',
  enableReadableSecondaries: 'enable_readable_secondaries',
  enablePgNativeLogin: 'enable_pg_native_login',
  retentionWindowInDays: 'retention_window_in_days',
  usagePolicyId: 'usage_policy_id',
  customTags: 'custom_tags',
  sessionPolicy: 'session_policy',
  enableLogicalReplication: 'enable_logical_replication',
} as const satisfies Record<keyof InstanceSettings, string>

/** Every setting at its default. */
export const NO_SETTINGS: InstanceSettings = {
  capacity: undefined,
  stopped: undefined,
  nodeCount: undefined,
  enableReadableSecondaries: undefined,
  enablePgNativeLogin: undefined,
  retentionWindowInDays: undefined,
  usagePolicyId: undefined,
  customTags: undefined,
  sessionPolicy: undefined,
  enableLogicalReplication: undefined,
}

/** The vendor's limits for tags on cloud resources: AWS accepts keys of 128 and values of 256 characters. */
export const TAG_LIMITS = { count: 50, keyLength: 128, valueLength: 256 } as const
export const USAGE_POLICY_ID_LENGTH = 256

/** Only single-node instances, until there is a driver that runs several nodes. */
export const SINGLE_NODE = 'this version of Lakegate runs single-node instances'

/** Control characters and lone surrogates: PostgreSQL cannot store all of them as text, and people can read none. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u

/** Whether an instance may have these settings. The types have been validated; this checks the values. */
export function decideInstanceSettings(settings: InstanceSettings): 'permitted' | Refusal {
  const { nodeCount, enableReadableSecondaries, retentionWindowInDays, usagePolicyId, customTags } = settings
  if (nodeCount !== undefined && nodeCount < 1) return invalid('node_count', 'must be at least 1.')
  if (nodeCount !== undefined && nodeCount > 1) return invalid('node_count', `must be 1: ${SINGLE_NODE}.`)
  if (enableReadableSecondaries === true) {
    return invalid('enable_readable_secondaries', `must be false: ${SINGLE_NODE}, which have no secondaries.`)
  }
  if (retentionWindowInDays !== undefined && !isRetention(retentionWindowInDays)) {
    return invalid(
      'retention_window_in_days',
      `must be from ${String(RETENTION_DAYS.least)} to ${String(RETENTION_DAYS.most)}; the default is ${String(DEFAULT_RETENTION_DAYS)}.`,
    )
  }
  if (usagePolicyId !== undefined) {
    if (usagePolicyId.length > USAGE_POLICY_ID_LENGTH) {
      return invalid('usage_policy_id', `must have at most ${String(USAGE_POLICY_ID_LENGTH)} characters.`)
    }
    if (UNPRINTABLE.test(usagePolicyId))
      return invalid('usage_policy_id', 'must not contain control characters.')
  }
  return customTags === undefined ? 'permitted' : decideTags(customTags)
}

/**
 * The state after an update. UPDATING lasts until the cluster matches the settings, so that a crash in between cannot
 * lose a restart; STARTING is only for a cluster that is known to be stopped (behaviour 63).
 */
export function stateAfterUpdate(
  instance: Pick<DatabaseInstance, 'name' | 'settings' | 'state'>,
  settings: InstanceSettings,
): InstanceState | Refusal {
  const { name, state } = instance
  if (state === 'DELETING')
    return refuse('instance_state_conflict', { name, state, problem: 'it cannot be updated.' })
  const wasStopped = effectiveStopped(instance.settings)
  const isStopped = effectiveStopped(settings)
  if (isStopped) return wasStopped ? state : 'UPDATING'
  // A stop that is still under way may or may not have happened: only a restart is certain to apply all settings.
  if (wasStopped) return state === 'STOPPED' ? 'STARTING' : 'UPDATING'
  return needsRestart(instance.settings, settings) ? 'UPDATING' : state
}

/** PostgreSQL reads both settings only at its start (shared_buffers, wal_level). */
const needsRestart = (before: InstanceSettings, after: InstanceSettings): boolean =>
  effectiveCapacity(before) !== effectiveCapacity(after) ||
  logicalReplicationEnabled(before) !== logicalReplicationEnabled(after)

/** The wal_level of an attached cluster is set by its administrator. */
export const decideLogicalReplicationOf = (
  kind: DatabaseInstance['backend']['kind'],
  settings: InstanceSettings,
): 'permitted' | Refusal =>
  kind === 'attached' && logicalReplicationEnabled(settings)
    ? invalid(
        'enable_logical_replication',
        'must be false: replication connections to attached clusters do not go through Lakegate.',
      )
    : 'permitted'

const isRetention = (days: number): boolean => days >= RETENTION_DAYS.least && days <= RETENTION_DAYS.most

function decideTags(tags: readonly CustomTag[]): 'permitted' | Refusal {
  if (tags.length > TAG_LIMITS.count)
    return invalid('custom_tags', `at most ${String(TAG_LIMITS.count)} tags are allowed.`)
  const keys = new Set<string>()
  for (const [index, { key, value }] of tags.entries()) {
    const field = `custom_tags.${String(index)}`
    if (key === '' || key.length > TAG_LIMITS.keyLength) {
      return invalid(`${field}.key`, `must have 1 to ${String(TAG_LIMITS.keyLength)} characters.`)
    }
    if (value.length > TAG_LIMITS.valueLength) {
      return invalid(`${field}.value`, `must have at most ${String(TAG_LIMITS.valueLength)} characters.`)
    }
    if (UNPRINTABLE.test(key)) return invalid(`${field}.key`, 'must not contain control characters.')
    if (UNPRINTABLE.test(value)) return invalid(`${field}.value`, 'must not contain control characters.')
    if (keys.has(key)) return invalid(`${field}.key`, 'is given twice.')
    keys.add(key)
  }
  return 'permitted'
}

const invalid = (field: string, problem: string): Refusal => refuse('invalid_parameter', { field, problem })
