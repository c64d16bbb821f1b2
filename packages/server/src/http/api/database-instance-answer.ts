/**
 * A database instance as the REST API shows it: the requested settings, and the effective ones, defaults included
 * (behaviour 62).
 */
import type { DatabaseInstance as DatabaseInstanceAnswer } from '@lakegate/client'
import {
  DEFAULT_RETENTION_DAYS,
  effectiveCapacity,
  effectiveSessionPolicy,
  effectiveStopped,
  logicalReplicationEnabled,
  nativeLoginEnabled,
  type CustomTag,
  type DatabaseInstance,
  type InstanceFault,
  type SessionPolicy,
} from '../../domain/database-instance.ts'

/**
 * @param options.echoTags the vendor returns `custom_tags` only to a caller that just sent them;
 * `effective_custom_tags` is always returned
 */
export function databaseInstanceAnswer(
  instance: DatabaseInstance,
  options: { readonly echoTags: boolean } = { echoTags: false },
): DatabaseInstanceAnswer {
  const { settings, listener, pooledListener, fault } = instance
  const { enableReadableSecondaries, enablePgNativeLogin, retentionWindowInDays, usagePolicyId, customTags } =
    settings
  return {
    name: instance.name,
    uid: instance.uid,
    state: instance.state,
    creator: instance.creatorName,
    creation_time: instance.createdAt.toISOString(),
    ...(instance.pgMajorVersion === undefined
      ? {}
      : { pg_version: `PG_VERSION_${String(instance.pgMajorVersion)}` }),
    read_write_dns: listener.host,
    ...(listener.port === undefined ? {} : { read_write_port: listener.port }),
    ...(pooledListener?.port === undefined
      ? {}
      : { pooled_dns: pooledListener.host, pooled_port: pooledListener.port }),
    // `stopped` and `node_count` are only input; clients read the corresponding `effective_…` fields.
    ...(settings.capacity === undefined ? {} : { capacity: settings.capacity }),
    ...(enableReadableSecondaries === undefined
      ? {}
      : { enable_readable_secondaries: enableReadableSecondaries }),
    ...(enablePgNativeLogin === undefined ? {} : { enable_pg_native_login: enablePgNativeLogin }),
    ...(retentionWindowInDays === undefined ? {} : { retention_window_in_days: retentionWindowInDays }),
    ...(usagePolicyId === undefined
      ? {}
      : { usage_policy_id: usagePolicyId, effective_usage_policy_id: usagePolicyId }),
    ...(customTags === undefined || !options.echoTags ? {} : { custom_tags: copyTags(customTags) }),
    effective_capacity: effectiveCapacity(settings),
    effective_stopped: effectiveStopped(settings),
    effective_node_count: settings.nodeCount ?? 1,
    effective_enable_readable_secondaries: enableReadableSecondaries ?? false,
    effective_enable_pg_native_login: nativeLoginEnabled(settings),
    effective_retention_window_in_days: retentionWindowInDays ?? DEFAULT_RETENTION_DAYS,
    effective_custom_tags: copyTags(customTags ?? []),
    ...(settings.sessionPolicy === undefined
      ? {}
      : { session_policy: showSessionPolicy(settings.sessionPolicy) }),
    effective_session_policy: showSessionPolicy(effectiveSessionPolicy(settings)),
    ...(settings.enableLogicalReplication === undefined
      ? {}
      : { enable_logical_replication: settings.enableLogicalReplication }),
    effective_enable_logical_replication: logicalReplicationEnabled(settings),
    ...(fault === undefined ? {} : { status_message: statusMessage(fault) }),
  }
}

const copyTags = (tags: readonly CustomTag[]): CustomTag[] => tags.map(({ key, value }) => ({ key, value }))

const showSessionPolicy = ({ endOnTokenExpiry, endOnMembershipLoss }: SessionPolicy) => ({
  end_on_token_expiry: endOnTokenExpiry,
  end_on_membership_loss: endOnMembershipLoss,
})

const statusMessage = ({ message, nextStep }: InstanceFault): string =>
  nextStep === undefined ? message : `${message} ${nextStep}`
