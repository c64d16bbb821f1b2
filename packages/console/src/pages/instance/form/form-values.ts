/** The values of the form that creates, attaches and edits an instance, and their conversion to API requests. */
import type { AttachedClusterRequest, DatabaseInstance, DatabaseInstanceRequest } from '@lakegate/client'
import { readHosts, readTags, writeHosts, writeTags } from './lines.ts'

export const CAPACITIES = ['CU_1', 'CU_2', 'CU_4', 'CU_8'] as const

export interface FormValues {
  readonly kind: 'new' | 'attach'
  readonly name: string
  readonly capacity: (typeof CAPACITIES)[number]
  readonly usage_policy_id: string
  readonly enable_pg_native_login: boolean
  readonly custom_tags: string
  readonly retention_window_in_days: number
  readonly end_on_token_expiry: boolean
  readonly end_on_membership_loss: boolean
  readonly enable_logical_replication: boolean
  readonly hosts: string
  readonly database: string
  readonly tls_mode: 'verify-full' | 'verify-ca'
  readonly ca_pem: string
  readonly administrator: string
  readonly administrator_password: string
  readonly backend_authentication: 'client_certificate' | 'scram'
  readonly existing_passwords: 'refuse' | 'replace'
}

export const FIRST_VALUES: FormValues = {
  kind: 'new',
  name: '',
  capacity: 'CU_2',
  usage_policy_id: '',
  enable_pg_native_login: false,
  custom_tags: '',
  retention_window_in_days: 7,
  end_on_token_expiry: false,
  end_on_membership_loss: false,
  enable_logical_replication: false,
  hosts: '',
  database: 'postgres',
  tls_mode: 'verify-full',
  ca_pem: '',
  administrator: '',
  administrator_password: '',
  backend_authentication: 'client_certificate',
  existing_passwords: 'refuse',
}

export function valuesOf(instance: DatabaseInstance): FormValues {
  const { attached, effective_session_policy: policy } = instance
  const capacity = CAPACITIES.find((candidate) => candidate === instance.effective_capacity)
  return {
    ...FIRST_VALUES,
    kind: attached === undefined ? 'new' : 'attach',
    name: instance.name,
    capacity: capacity ?? FIRST_VALUES.capacity,
    usage_policy_id: instance.effective_usage_policy_id ?? '',
    enable_pg_native_login: instance.effective_enable_pg_native_login,
    custom_tags: writeTags(instance.effective_custom_tags),
    retention_window_in_days: instance.effective_retention_window_in_days,
    ...policy,
    enable_logical_replication: instance.effective_enable_logical_replication,
    ...(attached === undefined
      ? {}
      : {
          hosts: writeHosts(attached.hosts),
          database: attached.database,
          tls_mode: attached.tls.mode,
          ca_pem: attached.tls.ca_pem ?? '',
          administrator: attached.administration.user,
          backend_authentication: attached.backend_authentication,
          existing_passwords: attached.existing_passwords,
        }),
  }
}

/** Fields with their default value are left out, as the vendor's clients do. */
export function toCreateRequest(values: FormValues): DatabaseInstanceRequest {
  const changed = changedFields(FIRST_VALUES, values).filter((field) => !ATTACHED_FIELDS.has(field))
  return {
    name: values.name,
    ...(values.kind === 'new' ? { capacity: values.capacity } : { attached: toAttached(values) }),
    ...settingsOf(values, changed),
  }
}

/** Only changed fields: those of the update mask. */
export function toChangeRequest(before: FormValues, values: FormValues): DatabaseInstanceRequest {
  const changed = changedFields(before, values)
  return {
    ...(changed.includes('capacity') ? { capacity: values.capacity } : {}),
    ...settingsOf(values, changed),
    ...(changed.some((field) => ATTACHED_FIELDS.has(field)) ? { attached: toAttached(values) } : {}),
  }
}

const ATTACHED_FIELDS: ReadonlySet<keyof FormValues> = new Set([
  'hosts',
  'database',
  'tls_mode',
  'ca_pem',
  'administrator',
  'administrator_password',
  'backend_authentication',
  'existing_passwords',
])

export const changedFields = (before: FormValues, values: FormValues): readonly (keyof FormValues)[] =>
  (Object.keys(values) as (keyof FormValues)[]).filter((field) => before[field] !== values[field])

function settingsOf(values: FormValues, changed: readonly (keyof FormValues)[]): DatabaseInstanceRequest {
  const has = (...fields: readonly (keyof FormValues)[]) => fields.some((field) => changed.includes(field))
  return {
    ...(has('usage_policy_id') ? { usage_policy_id: values.usage_policy_id } : {}),
    ...(has('enable_pg_native_login') ? { enable_pg_native_login: values.enable_pg_native_login } : {}),
    ...(has('custom_tags') ? { custom_tags: [...readTags(values.custom_tags).read] } : {}),
    ...(has('retention_window_in_days') ? { retention_window_in_days: values.retention_window_in_days } : {}),
    ...(has('end_on_token_expiry', 'end_on_membership_loss')
      ? {
          session_policy: {
            end_on_token_expiry: values.end_on_token_expiry,
            end_on_membership_loss: values.end_on_membership_loss,
          },
        }
      : {}),
    ...(has('enable_logical_replication')
      ? { enable_logical_replication: values.enable_logical_replication }
      : {}),
  }
}

function toAttached(values: FormValues): AttachedClusterRequest {
  return {
    hosts: [...readHosts(values.hosts).read],
    database: values.database,
    tls: { mode: values.tls_mode, ...(values.ca_pem.trim() === '' ? {} : { ca_pem: values.ca_pem }) },
    administration: {
      user: values.administrator,
      ...(values.administrator_password === '' ? {} : { password: values.administrator_password }),
    },
    backend_authentication: values.backend_authentication,
    existing_passwords: values.existing_passwords,
  }
}

/** For «Show as API call»: without the password of the administrator. */
export const withoutPassword = (request: DatabaseInstanceRequest): DatabaseInstanceRequest =>
  request.attached?.administration?.password === undefined
    ? request
    : {
        ...request,
        attached: {
          ...request.attached,
          administration: { ...request.attached.administration, password: '•••' },
        },
      }
