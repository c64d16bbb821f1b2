/** Which settings an instance may have, and which state a change of them leads to (behaviours 61–63). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CAPACITIES,
  INSTANCE_STATES,
  effectiveStopped,
  type InstanceSettings,
  type InstanceState,
} from '../../src/domain/database-instance.ts'
import {
  NO_SETTINGS,
  TAG_LIMITS,
  USAGE_POLICY_ID_LENGTH,
  decideInstanceSettings,
  decideLogicalReplicationOf,
  stateAfterUpdate,
} from '../../src/policy/instance-settings.ts'
import { toHttpRefusal } from '../../src/policy/refusals.ts'

const withSettings = (change: Partial<InstanceSettings>): InstanceSettings => ({ ...NO_SETTINGS, ...change })
const verdictOn = (change: Partial<InstanceSettings>): string => {
  const verdict = decideInstanceSettings(withSettings(change))
  return verdict === 'permitted' ? verdict : (toHttpRefusal(verdict)?.message ?? '')
}
const tags = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `key-${String(index)}`, value: '' }))

describe('the settings of an instance', () => {
  const permitted: readonly (readonly [string, Partial<InstanceSettings>])[] = [
    ['may all be left to their defaults', {}],
    ['may name the one node it has', { nodeCount: 1 }],
    ['may say that there are no readable secondaries', { enableReadableSecondaries: false }],
    ['may keep 2 days', { retentionWindowInDays: 2 }],
    ['may keep 35 days', { retentionWindowInDays: 35 }],
    ['may have as many tags as the limit', { customTags: tags(TAG_LIMITS.count) }],
    ['may have tags with values of any script', { customTags: [{ key: 'équipe', value: 'データ 🐘' }] }],
    ['may have a wiped list of tags', { customTags: [] }],
    ['may name a usage policy', { usagePolicyId: 'p'.repeat(USAGE_POLICY_ID_LENGTH) }],
  ]
  it.each(permitted)('%s', (_fact, change) => {
    expect(verdictOn(change)).toBe('permitted')
  })

  const refused: readonly (readonly [string, Partial<InstanceSettings>, RegExp])[] = [
    ['have at least one node', { nodeCount: 0 }, /^node_count: must be at least 1\.$/],
    [
      'have one node only, and the refusal says so',
      { nodeCount: 2 },
      /^node_count: must be 1: this version of Lakegate runs single-node instances\.$/,
    ],
    [
      'have no readable secondaries',
      { enableReadableSecondaries: true },
      /^enable_readable_secondaries: must be false: .*single-node/,
    ],
    [
      'keep no less than 2 days',
      { retentionWindowInDays: 1 },
      /^retention_window_in_days: must be from 2 to 35/,
    ],
    [
      'keep no more than 35 days',
      { retentionWindowInDays: 36 },
      /^retention_window_in_days: must be from 2 to 35/,
    ],
    [
      'bound the length of a usage policy',
      { usagePolicyId: 'p'.repeat(USAGE_POLICY_ID_LENGTH + 1) },
      /^usage_policy_id: /,
    ],
    ['have no zero byte in a usage policy', { usagePolicyId: 'a\u0000b' }, /^usage_policy_id: .*control/],
    ['bound the number of tags', { customTags: tags(TAG_LIMITS.count + 1) }, /^custom_tags: at most 50/],
    ['have no tag without a key', { customTags: [{ key: '', value: 'x' }] }, /^custom_tags\.0\.key: /],
    [
      'bound the length of a key',
      { customTags: [...tags(1), { key: 'k'.repeat(129), value: '' }] },
      /^custom_tags\.1\.key: /,
    ],
    [
      'bound the length of a value',
      { customTags: [{ key: 'k', value: 'v'.repeat(257) }] },
      /^custom_tags\.0\.value: /,
    ],
    [
      'have no key twice',
      {
        customTags: [
          { key: 'k', value: '1' },
          { key: 'k', value: '2' },
        ],
      },
      /^custom_tags\.1\.key: is given twice\.$/,
    ],
    [
      'have no zero byte in a tag, which PostgreSQL could not store',
      { customTags: [{ key: 'k', value: '\u0000' }] },
      /^custom_tags\.0\.value: .*control/,
    ],
    [
      'have no half of a character in a tag, which PostgreSQL could not store',
      { customTags: [{ key: '\ud83d', value: '' }] },
      /^custom_tags\.0\.key: .*control/,
    ],
  ]
  it.each(refused)('%s', (_fact, change, message) => {
    expect(verdictOn(change)).toMatch(message)
  })
})

describe('change data capture', () => {
  it('is a setting of embedded instances only', () => {
    const wanted = withSettings({ enableLogicalReplication: true })
    expect(decideLogicalReplicationOf('embedded', wanted)).toBe('permitted')
    expect(decideLogicalReplicationOf('attached', wanted)).toMatchObject({ name: 'invalid_parameter' })
    expect(decideLogicalReplicationOf('attached', NO_SETTINGS)).toBe('permitted')
  })
})

describe('the state after an update', () => {
  const stopped = withSettings({ stopped: true })
  const rows: readonly (readonly [
    string,
    InstanceState,
    InstanceSettings,
    InstanceSettings,
    InstanceState,
  ])[] = [
    ['is UPDATING when a running instance shall stop', 'AVAILABLE', NO_SETTINGS, stopped, 'UPDATING'],
    ['is UPDATING when a starting instance shall stop', 'STARTING', NO_SETTINGS, stopped, 'UPDATING'],
    [
      'is UPDATING when change data capture is switched on, which takes a restart',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ enableLogicalReplication: true }),
      'UPDATING',
    ],
    [
      'stays when change data capture is switched off, which it was',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ enableLogicalReplication: false }),
      'AVAILABLE',
    ],
    [
      'is STARTING when a stopped instance shall run',
      'STOPPED',
      stopped,
      withSettings({ stopped: false }),
      'STARTING',
    ],
    [
      'is STARTING when `stopped` of a stopped instance goes back to its default',
      'STOPPED',
      stopped,
      NO_SETTINGS,
      'STARTING',
    ],
    [
      'is UPDATING when the stop that is taken back may be under way',
      'UPDATING',
      stopped,
      NO_SETTINGS,
      'UPDATING',
    ],
    [
      'is UPDATING when an instance that was created as stopped shall run before it was made',
      'STARTING',
      stopped,
      NO_SETTINGS,
      'UPDATING',
    ],
    [
      'is UPDATING when a running instance gets another capacity',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ capacity: 'CU_8' }),
      'UPDATING',
    ],
    [
      'is UPDATING when a starting instance gets another capacity',
      'STARTING',
      NO_SETTINGS,
      withSettings({ capacity: 'CU_8' }),
      'UPDATING',
    ],
    [
      'is AVAILABLE still when the default capacity is named',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ capacity: 'CU_2' }),
      'AVAILABLE',
    ],
    [
      'is STOPPED still when a stopped instance gets another capacity',
      'STOPPED',
      stopped,
      withSettings({ stopped: true, capacity: 'CU_8' }),
      'STOPPED',
    ],
    [
      'is STARTING when a stopped instance gets another capacity and shall run',
      'STOPPED',
      stopped,
      withSettings({ capacity: 'CU_8' }),
      'STARTING',
    ],
    [
      'is AVAILABLE still when native login is switched on: nothing restarts (behaviour 51)',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ enablePgNativeLogin: true }),
      'AVAILABLE',
    ],
    [
      'is AVAILABLE still when tags change',
      'AVAILABLE',
      NO_SETTINGS,
      withSettings({ customTags: tags(1) }),
      'AVAILABLE',
    ],
  ]
  it.each(rows)('%s', (_fact, state, before, after, expected) => {
    expect(stateAfterUpdate({ name: 'sales', state, settings: before }, after)).toBe(expected)
  })

  const anySettings = fc
    .record({
      stopped: fc.constantFrom(undefined, false, true),
      capacity: fc.constantFrom(undefined, ...CAPACITIES),
    })
    .map(withSettings)

  it('is a refusal for an instance that is being deleted, whatever shall change', () => {
    fc.assert(
      fc.property(anySettings, anySettings, (before, after) => {
        expect(stateAfterUpdate({ name: 'sales', state: 'DELETING', settings: before }, after)).toMatchObject(
          {
            name: 'instance_state_conflict',
          },
        )
      }),
    )
  })

  it('is never settled while the cluster may be other than the settings say', () => {
    fc.assert(
      fc.property(fc.constantFrom(...INSTANCE_STATES), anySettings, anySettings, (state, before, after) => {
        // What is never stored: settled in one state and wanted in the other.
        fc.pre(state !== (effectiveStopped(before) ? 'AVAILABLE' : 'STOPPED') && state !== 'FAILING_OVER')
        const next = stateAfterUpdate({ name: 'sales', state, settings: before }, after)
        if (next === 'AVAILABLE') {
          expect([effectiveStopped(before), effectiveStopped(after)]).toEqual([false, false])
          expect(after.capacity ?? 'CU_2').toBe(before.capacity ?? 'CU_2')
        }
        if (next === 'STOPPED') expect([state, effectiveStopped(after)]).toEqual(['STOPPED', true])
        if (next === 'STARTING' && state !== 'STARTING') expect(state).toBe('STOPPED')
      }),
    )
  })
})
