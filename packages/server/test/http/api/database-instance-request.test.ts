/** Bodies and update masks as the vendor's SDKs and CLI send them, and as nobody should (wire-contract §1). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  instanceBody,
  settingsToChange,
  settingsToCreate,
  type InstanceBody,
} from '../../../src/http/api/database-instance-request.ts'
import { databaseInstanceAnswer } from '../../../src/http/api/database-instance-answer.ts'
import { defineRoute } from '../../../src/http/define-route.ts'
import { nothing } from '../../../src/http/shapes.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'
import { toHttpRefusal } from '../../../src/policy/refusals.ts'
import { instanceRow } from '../../operations/instance-world.ts'
import { MEMBER, NOW } from '../../policy/facts.ts'

/** Reads a body as the route does, so that what the caller is told comes with it. */
async function readInstanceBody(body: unknown): Promise<InstanceBody> {
  const route = defineRoute({
    method: 'PATCH',
    path: '/',
    scopes: [],
    params: nothing,
    query: nothing,
    body: instanceBody,
    handle: (request) => Promise.resolve({ body: request.body }),
  })
  const { body: read } = await Promise.resolve().then(() =>
    route.answer({
      params: {},
      query: {},
      body,
      caller: MEMBER,
      headers: { ifMatch: undefined, ifNoneMatch: undefined },
    }),
  )
  return read as InstanceBody
}
const change = async (body: unknown, mask?: string) =>
  settingsToChange(await readInstanceBody(body), mask, 'sales')
const refusalOf = async (act: Promise<unknown>) =>
  act.then(
    () => {
      throw new Error('it was accepted')
    },
    (error: unknown) => {
      if (error instanceof RefusedError) return toHttpRefusal(error.refusal)
      throw error
    },
  )

describe('the body of a new instance', () => {
  it('needs no more than a name', async () => {
    const body = await readInstanceBody({ name: 'sales' })
    expect(body.name).toBe('sales')
    expect(settingsToCreate(body)).toEqual(NO_SETTINGS)
  })

  it('may carry every setting', async () => {
    const body = await readInstanceBody({
      name: 'sales',
      capacity: 'CU_4',
      stopped: true,
      node_count: 1,
      enable_readable_secondaries: false,
      enable_pg_native_login: true,
      retention_window_in_days: 14,
      usage_policy_id: 'policy',
      custom_tags: [{ key: 'team', value: 'gate' }, { key: 'flag' }],
    })
    expect(settingsToCreate(body)).toEqual({
      capacity: 'CU_4',
      stopped: true,
      nodeCount: 1,
      enableReadableSecondaries: false,
      enablePgNativeLogin: true,
      retentionWindowInDays: 14,
      usagePolicyId: 'policy',
      customTags: [
        { key: 'team', value: 'gate' },
        { key: 'flag', value: '' },
      ],
    })
  })

  it('may carry null for what is left out', async () => {
    expect(
      settingsToCreate(
        await readInstanceBody({ name: 'sales', capacity: null, stopped: null, parent_instance_ref: null }),
      ),
    ).toEqual(NO_SETTINGS)
  })

  it('may be a whole answer sent back, whose output-only fields are ignored', async () => {
    const answer = databaseInstanceAnswer(
      instanceRow({
        settings: {
          ...NO_SETTINGS,
          capacity: 'CU_1',
          usagePolicyId: 'policy',
          customTags: [{ key: 'k', value: 'v' }],
        },
        pgMajorVersion: 18,
        fault: { code: 'disk_full', message: 'No space left on device.', nextStep: 'Free some.', since: NOW },
      }),
      { echoTags: true },
    )
    expect(await readInstanceBody({ ...answer, read_only_dns: 'x', child_instance_refs: [] })).toEqual({
      name: 'sales',
      settings: { capacity: 'CU_1', usagePolicyId: 'policy', customTags: [{ key: 'k', value: 'v' }] },
    })
  })

  it.each<readonly [string, unknown, RegExp]>([
    ['no body at all', undefined, /^body: send the DatabaseInstance as a JSON object\.$/],
    ['null', null, /^body: send the DatabaseInstance as a JSON object\.$/],
    ['a list', [], /^body: send the DatabaseInstance as a JSON object\.$/],
    ['text', 'sales', /^body: send the DatabaseInstance as a JSON object\.$/],
    ['an unknown field', { name: 'sales', colour: 'red' }, /^colour: this field is not known\.$/],
    [
      'a field of an object’s innards',
      JSON.parse('{"__proto__": {"stopped": true}}'),
      /^__proto__: this field is not known/,
    ],
    [
      'a parent',
      { name: 'sales', parent_instance_ref: { name: 'other' } },
      /^parent_instance_ref: .*single-node/,
    ],
    ['a name that is no text', { name: 7 }, /^name: .*expected string/],
    ['an unknown capacity', { capacity: 'CU_3' }, /^capacity: .*CU_1.*CU_8/],
    ['a truth as text', { stopped: 'true' }, /^stopped: .*expected boolean/],
    ['a number as text', { node_count: '1' }, /^node_count: .*expected number/],
    ['a broken number', { retention_window_in_days: 7.5 }, /^retention_window_in_days: .*expected int/],
    ['a number beyond 32 bits', { retention_window_in_days: 2 ** 31 }, /^retention_window_in_days: Too big/],
    ['tags that are no list', { custom_tags: { key: 'k' } }, /^custom_tags: .*expected array/],
    ['a tag that is no object', { custom_tags: ['k'] }, /^custom_tags\.0: .*expected object/],
    ['a tag without key', { custom_tags: [{ value: 'v' }] }, /^custom_tags\.0\.key: .*expected string/],
    [
      'a tag with more than key and value',
      { custom_tags: [{ key: 'k', colour: 'red' }] },
      /^custom_tags\.0\.colour: this field is not known/,
    ],
  ])('may not be or have %s', async (_what, body, message) => {
    expect(await refusalOf(readInstanceBody(body))).toMatchObject({
      status: 400,
      message: expect.stringMatching(message) as string,
    })
  })

  it('is read or refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        await readInstanceBody(body).catch((error: unknown) => {
          expect(error).toBeInstanceOf(RefusedError)
        })
      }),
    )
  })
})

describe('an update', () => {
  const body = { name: 'sales', capacity: 'CU_8', stopped: true }

  it.each<readonly [string, string | undefined, object]>([
    ['changes only what its mask names', 'capacity', { capacity: 'CU_8' }],
    ['takes several fields, with spaces between', 'capacity, stopped', { capacity: 'CU_8', stopped: true }],
    ['takes every field that was sent without a mask', undefined, { capacity: 'CU_8', stopped: true }],
    ['takes every field that was sent with an empty mask', '', { capacity: 'CU_8', stopped: true }],
    [
      'takes every field that was sent with *, as the CLI’s bundles do',
      '*',
      { capacity: 'CU_8', stopped: true },
    ],
    [
      'sets what its mask names and the body lacks back to its default',
      'enable_pg_native_login',
      { enablePgNativeLogin: undefined },
    ],
    ['may name the name as long as it stays', 'name,capacity', { capacity: 'CU_8' }],
  ])('%s', async (_fact, mask, expected) => {
    expect(await change(body, mask)).toStrictEqual(expected)
  })

  it('wipes the tags with an empty list', async () => {
    expect(await change({ custom_tags: [] }, 'custom_tags')).toEqual({ customTags: [] })
  })

  it('ignores the empty name that Go clients send', async () => {
    expect(await change({ name: '', stopped: false })).toEqual({ stopped: false })
  })

  it('ignores another name in the body that its mask leaves out', async () => {
    expect(await change({ name: 'marketing', stopped: false }, 'stopped')).toEqual({ stopped: false })
  })

  it.each<readonly [string, unknown, string | undefined, RegExp]>([
    ['an unknown field in its mask', {}, 'capacity,colour', /^update_mask: "colour" is not a field/],
    [
      'an output-only field in its mask',
      {},
      'state',
      /^update_mask: "state" is not a field of DatabaseInstance that can be changed/,
    ],
    [
      'an effective field in its mask',
      {},
      'effective_stopped',
      /^update_mask: "effective_stopped" is not a field/,
    ],
    ['a parent in its mask', {}, 'parent_instance_ref', /^update_mask: "parent_instance_ref" is not a field/],
    ['an empty name in a list', {}, 'capacity,,stopped', /^update_mask: "" is not a field/],
    ['* beside other fields', {}, '*,capacity', /^update_mask: "\*" is not a field/],
    [
      'another name',
      { name: 'marketing' },
      undefined,
      /^name: cannot be changed; the instance is named sales\.$/,
    ],
    ['another name that its mask names', { name: 'marketing' }, 'name', /^name: cannot be changed/],
  ])('may not have %s', async (_what, sent, mask, message) => {
    expect(await refusalOf(change(sent, mask))).toMatchObject({
      status: 400,
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('the answer', () => {
  it('has every effective setting, false ones included (behaviour 62), and no setting that nobody made', async () => {
    expect(databaseInstanceAnswer(instanceRow())).toStrictEqual({
      name: 'sales',
      uid: '6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a11',
      state: 'STARTING',
      creator: 'alice@example.com',
      creation_time: '2026-03-01T12:00:00.000Z',
      read_write_dns: '127.0.0.2',
      read_write_port: 5432,
      effective_capacity: 'CU_2',
      effective_stopped: false,
      effective_node_count: 1,
      effective_enable_readable_secondaries: false,
      effective_enable_pg_native_login: false,
      effective_retention_window_in_days: 7,
      effective_custom_tags: [],
      effective_session_policy: { end_on_token_expiry: false, end_on_membership_loss: false },
      effective_enable_logical_replication: false,
    })
  })

  it('repeats what was asked for, except what is input only', async () => {
    const settings = {
      capacity: 'CU_8',
      stopped: true,
      nodeCount: 1,
      enableReadableSecondaries: false,
      enablePgNativeLogin: true,
      retentionWindowInDays: 35,
      usagePolicyId: 'policy',
      customTags: [{ key: 'k', value: 'v' }],
      sessionPolicy: { endOnTokenExpiry: true, endOnMembershipLoss: false },
      enableLogicalReplication: true,
    } as const
    const answer = databaseInstanceAnswer(instanceRow({ settings, pgMajorVersion: 18 }))
    expect(answer).toMatchObject({
      capacity: 'CU_8',
      enable_readable_secondaries: false,
      enable_pg_native_login: true,
      retention_window_in_days: 35,
      usage_policy_id: 'policy',
      effective_usage_policy_id: 'policy',
      effective_stopped: true,
      effective_custom_tags: [{ key: 'k', value: 'v' }],
      session_policy: { end_on_token_expiry: true, end_on_membership_loss: false },
      effective_session_policy: { end_on_token_expiry: true, end_on_membership_loss: false },
      enable_logical_replication: true,
      effective_enable_logical_replication: true,
      pg_version: 'PG_VERSION_18',
    })
    for (const field of ['stopped', 'node_count', 'custom_tags']) expect(answer).not.toHaveProperty(field)
  })

  it('says what is wrong with the instance and what to do next', async () => {
    const fault = {
      code: 'disk_full',
      message: 'No space left on device.',
      nextStep: 'Free some space.',
      since: NOW,
    }
    expect(databaseInstanceAnswer(instanceRow({ fault })).status_message).toBe(
      'No space left on device. Free some space.',
    )
    expect(
      databaseInstanceAnswer(instanceRow({ fault: { ...fault, nextStep: undefined } })).status_message,
    ).toBe('No space left on device.')
  })
})
