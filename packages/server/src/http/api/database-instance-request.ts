/**
 * Reads the body and the update mask with which callers create and change database instances (wire-contract §1).
 * Validates only the form: names and types of fields. `policy/instance-settings.ts` judges the values.
 */
import { z } from 'zod'
import { CAPACITIES, type InstanceSettings, type SessionPolicy } from '../../domain/database-instance.ts'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { NO_SETTINGS, SETTING_FIELDS, SINGLE_NODE } from '../../policy/instance-settings.ts'
import { attachedShape, type AttachedBody } from './attached-cluster-request.ts'

type Setting = keyof InstanceSettings
type SettingsChange = Partial<InstanceSettings>

export interface InstanceBody {
  /** Undefined when it was left out, null or empty; Go clients send an empty name in an update. */
  readonly name: string | undefined
  /** The settings that were sent; null counts as left out, as in the JSON form of protocol buffers. */
  readonly settings: SettingsChange
  readonly attached: AttachedBody | undefined
}

const customTag = z.strictObject({
  key: z.string(),
  value: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
})

/** Fields that are left out are off. */
const sessionPolicy = z.strictObject({
  end_on_token_expiry: z.boolean().nullish(),
  end_on_membership_loss: z.boolean().nullish(),
})

const settingShapes = {
  capacity: z.enum(CAPACITIES).nullish(),
  stopped: z.boolean().nullish(),
  node_count: z.int32().nullish(),
  enable_readable_secondaries: z.boolean().nullish(),
  enable_pg_native_login: z.boolean().nullish(),
  retention_window_in_days: z.int32().nullish(),
  usage_policy_id: z.string().nullish(),
  custom_tags: z.array(customTag).nullish(),
  session_policy: sessionPolicy.nullish(),
  enable_logical_replication: z.boolean().nullish(),
} satisfies Record<(typeof SETTING_FIELDS)[Setting], z.ZodType>

/** SDKs send back the whole resource that they read; these fields do not express a wish. */
const OUTPUT_ONLY = [
  'uid',
  'state',
  'creator',
  'creation_time',
  'pg_version',
  'read_write_dns',
  'read_write_port',
  'pooled_dns',
  'pooled_port',
  'read_only_dns',
  'status_message',
  'child_instance_refs',
  ...Object.values(SETTING_FIELDS).map((field) => `effective_${field}`),
]

/** The body of a creation or an update. */
export const instanceBody: z.ZodType<InstanceBody> = z
  .strictObject(
    {
      name: z.string().nullish(),
      ...settingShapes,
      attached: attachedShape.nullish(),
      parent_instance_ref: z.null(`cannot be given: ${SINGLE_NODE} that begin empty.`).optional(),
      ...Object.fromEntries(OUTPUT_ONLY.map((field) => [field, z.unknown().optional()])),
    },
    // Some SDKs send a PATCH without a body (wire-contract §6).
    {
      error: ({ code }) =>
        code === 'invalid_type' ? 'send the DatabaseInstance as a JSON object.' : undefined,
    },
  )
  .transform((body) => ({
    name: body.name === '' ? undefined : (body.name ?? undefined),
    attached: body.attached ?? undefined,
    settings: {
      ...sent('capacity', body.capacity),
      ...sent('stopped', body.stopped),
      ...sent('nodeCount', body.node_count),
      ...sent('enableReadableSecondaries', body.enable_readable_secondaries),
      ...sent('enablePgNativeLogin', body.enable_pg_native_login),
      ...sent('retentionWindowInDays', body.retention_window_in_days),
      // The vendor's clients send an empty text for "none".
      ...(body.usage_policy_id === ''
        ? { usagePolicyId: undefined }
        : sent('usagePolicyId', body.usage_policy_id)),
      ...sent('customTags', body.custom_tags),
      ...sent('sessionPolicy', toSessionPolicy(body.session_policy)),
      ...sent('enableLogicalReplication', body.enable_logical_replication),
    },
  }))

function toSessionPolicy(
  policy: z.infer<typeof sessionPolicy> | null | undefined,
): SessionPolicy | undefined {
  if (policy === null || policy === undefined) return undefined
  return {
    endOnTokenExpiry: policy.end_on_token_expiry ?? false,
    endOnMembershipLoss: policy.end_on_membership_loss ?? false,
  }
}

function sent<Name extends Setting>(setting: Name, value: InstanceSettings[Name] | null): SettingsChange {
  return value === undefined || value === null ? {} : { [setting]: value }
}

/** @returns all settings; those that were not sent have their defaults */
export const settingsToCreate = (body: InstanceBody): InstanceSettings => ({
  ...NO_SETTINGS,
  ...body.settings,
})

const SETTING_OF_FIELD: ReadonlyMap<string, Setting> = new Map(
  (Object.keys(SETTING_FIELDS) as Setting[]).map((setting) => [SETTING_FIELDS[setting], setting]),
)

/**
 * @param mask undefined, empty and `*` mean every field that was sent; a field that is named but was not sent is reset
 * to its default
 * @param name of the instance, from the path
 * @throws RefusedError `invalid_parameter` naming the field of the mask that cannot be changed
 */
export function settingsToChange(body: InstanceBody, mask: string | undefined, name: string): SettingsChange {
  const fields = (mask ?? '').split(',').map((field) => field.trim())
  const namesAll = fields.length === 1 && (fields[0] === '' || fields[0] === '*')
  // A different name in the body can only mean a rename, which is not possible, unless the mask leaves it out.
  if ((namesAll || fields.includes('name')) && body.name !== undefined && body.name !== name) {
    throw invalid('name', `cannot be changed; the instance is named ${name}.`)
  }
  if (namesAll) return body.settings
  let change: SettingsChange = {}
  for (const field of fields) {
    const setting = SETTING_OF_FIELD.get(field)
    if (setting !== undefined) change = { ...change, [setting]: body.settings[setting] }
    else if (field !== 'name' && field !== ATTACHED)
      throw invalid('update_mask', `"${field}" is not a field of DatabaseInstance that can be changed.`)
  }
  return change
}

/**
 * The change of the attached cluster that an update contains, unless its mask leaves that out.
 * @param mask as for `settingsToChange`
 */
export function attachedToChange(body: InstanceBody, mask: string | undefined): AttachedBody | undefined {
  const fields = (mask ?? '').split(',').map((field) => field.trim())
  return fields.some((field) => ['', '*', ATTACHED].includes(field)) ? body.attached : undefined
}

const ATTACHED = 'attached'

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
