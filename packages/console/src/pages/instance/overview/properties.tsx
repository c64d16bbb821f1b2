/** The properties of the instance; native login can also be switched here. */
import type { DatabaseInstance } from '@lakegate/client'
import { CopyField } from '../../../kit/copy.tsx'
import { Section } from '../../../kit/page.tsx'
import { KeyValueList, type KeyValue } from '../../../kit/state.tsx'
import { TimeText } from '../../../kit/time.tsx'
import { messages } from '../../../messages/index.ts'
import { capacityUnits, postgresVersion } from '../../compute/instance-filter.ts'
import { StateBadge } from '../state-badge.tsx'
import { NativeLoginSwitch } from './native-login-switch.tsx'

const texts = messages.instance.properties
const onOff = (isOn: boolean) => (isOn ? texts.on : texts.off)

export function Properties({ instance }: { readonly instance: DatabaseInstance }) {
  return (
    <Section title={texts.title}>
      <KeyValueList items={[...generalOf(instance), ...hostedOf(instance), ...settingsOf(instance)]} />
    </Section>
  )
}

const generalOf = (instance: DatabaseInstance): readonly KeyValue[] => [
  { key: texts.state, value: <StateBadge instance={instance} /> },
  { key: texts.uid, value: <CopyField what={texts.uid} value={instance.uid} /> },
  { key: texts.owner, value: <bdi>{instance.creator}</bdi> },
  { key: texts.created, value: <TimeText at={instance.creation_time} /> },
  ...(instance.pg_version === undefined ? [] : [{ key: texts.postgres, value: postgresVersion(instance) }]),
]

/** The PostgreSQL is either Lakegate's own and has a size, or somebody else's and has an address. */
function hostedOf({ attached, effective_capacity: capacity }: DatabaseInstance): readonly KeyValue[] {
  if (attached === undefined)
    return [{ key: texts.capacity, value: messages.compute.capacity(capacityUnits(capacity)) }]
  return [
    {
      key: texts.hosts,
      value: <bdi>{attached.hosts.map(({ host, port }) => `${host}:${String(port)}`).join(', ')}</bdi>,
    },
    { key: texts.attachedDatabase, value: <bdi>{attached.database}</bdi> },
    { key: texts.administrator, value: <bdi>{attached.administration.user}</bdi> },
  ]
}

function settingsOf(instance: DatabaseInstance): readonly KeyValue[] {
  const tags = instance.effective_custom_tags
  return [
    { key: texts.nativeLogin, value: <NativeLoginSwitch instance={instance} /> },
    { key: texts.sessionPolicy, value: policyOf(instance) },
    { key: texts.replication, value: onOff(instance.effective_enable_logical_replication) },
    { key: texts.restoreWindow, value: texts.days(instance.effective_retention_window_in_days) },
    ...(instance.effective_usage_policy_id === undefined
      ? []
      : [{ key: texts.usagePolicy, value: <bdi>{instance.effective_usage_policy_id}</bdi> }]),
    ...(tags.length === 0
      ? []
      : [
          {
            key: texts.tags,
            value: <bdi>{tags.map(({ key, value }) => `${key}=${value}`).join(', ')}</bdi>,
          },
        ]),
  ]
}

function policyOf({ effective_session_policy: policy }: DatabaseInstance): string {
  const ends = [
    ...(policy.end_on_token_expiry ? [texts.endsOnExpiry] : []),
    ...(policy.end_on_membership_loss ? [texts.endsOnLoss] : []),
  ]
  return ends.length === 0 ? texts.policyNone : ends.join('; ')
}
