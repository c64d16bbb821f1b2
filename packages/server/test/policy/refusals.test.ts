/** The table of refusals: complete, renderable, frozen where clients match on it, silent where nothing was proved. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RefusalDefinition } from '../../src/policy/refusal-definition.ts'
import { REFUSALS_BEFORE_PROOF } from '../../src/policy/refusals-before-proof.ts'
import { REFUSALS_OF_LOGINS } from '../../src/policy/refusals-of-logins.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import {
  refuse,
  renderRefusalText,
  toHttpRefusal,
  toPostgresRefusal,
  type Refusal,
  type RefusalName,
} from '../../src/policy/refusals.ts'

const TABLE: readonly (readonly [RefusalName, RefusalDefinition])[] = (
  Object.keys(REFUSALS) as RefusalName[]
).map((name) => [name, REFUSALS[name]])
const textsOf = ({ postgres, http }: RefusalDefinition): readonly string[] =>
  [postgres?.message, postgres?.detail, postgres?.hint, http?.message].filter((text) => text !== undefined)
const parametersOf = (definition: RefusalDefinition): readonly string[] =>
  textsOf(definition).flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))
/** A refusal with every parameter that its texts name. */
const refusalOf = (name: RefusalName, value: string): Refusal => ({
  outcome: 'refused',
  name,
  parameters: Object.fromEntries(parametersOf(REFUSALS[name]).map((parameter) => [parameter, value])),
  auditDetail: 'only for the audit',
})

describe.each(TABLE)('the refusal %s', (name, definition) => {
  it('can be told to somebody: in PostgreSQL’s form, in HTTP’s form, or both', () => {
    expect(
      [toPostgresRefusal(refusalOf(name, 'x')), toHttpRefusal(refusalOf(name, 'x'))].some(
        (form) => form !== undefined,
      ),
    ).toBe(true)
  })

  it('leaves no parameter unfilled and tells nothing that is for the audit only', () => {
    const told = JSON.stringify([
      toPostgresRefusal(refusalOf(name, 'filled')),
      toHttpRefusal(refusalOf(name, 'filled')),
    ])
    expect(told).not.toMatch(/\{\w+\}/)
    expect(told).not.toContain('only for the audit')
  })

  it('has an SQLSTATE and an HTTP status that clients do not repeat for ever', () => {
    if (definition.postgres !== undefined) expect(definition.postgres.sqlstate).toMatch(/^[0-9A-Z]{5}$/)
    // wire-contract §5.3: SDKs repeat 429 and 503 (Java 501 too) for five minutes.
    if (definition.http !== undefined && definition.http.status !== 503) {
      // Of beginning a sign-in: asked by browsers and by clients of the device grant, never by the REST clients of SDKs. Of
      // transfers: repeating is what helps, since those under way end within two minutes.
      // And streams of events are asked for by browsers alone, which do not repeat one that was refused.
      if (['too_many_begun', 'too_many_transfers', 'too_many_event_streams'].includes(name))
        expect(definition.http.status).toBe(429)
      else expect([429, 501]).not.toContain(definition.http.status)
      expect(definition.http.errorCode).toMatch(/^[A-Z_]+$/)
    }
  })

  it('contains no phrase that makes SDKs repeat a request in vain (wire-contract §5.3)', () => {
    if (definition.http?.status === 503) return
    expect(definition.http?.message ?? '').not.toMatch(
      /Unexpected error|Please try again later|deadline exceeded|Timed out after|com\.databricks\.backend/i,
    )
  })
})

describe('refusals that a login can meet', () => {
  const subjects = { ...REFUSALS_BEFORE_PROOF, ...REFUSALS_OF_LOGINS }

  it('are explained on the help pages: what it means, who can change it, what to do', () => {
    for (const [name, definition] of Object.entries<RefusalDefinition>(subjects)) {
      expect(definition.explained, name).toBeDefined()
      const { meaning = '', whoCanChange = '', steps = [] } = definition.explained ?? {}
      for (const text of [meaning, whoCanChange, ...steps]) {
        expect(text, name).toMatch(/^\S.*\.$/s)
        // The same for everybody: there is nothing to fill in.
        expect(text, name).not.toMatch(/[{}]/)
      }
    }
  })

  it('are explained also where PostgreSQL itself, or the pooled endpoint, refuses the database', () => {
    const names = [
      'database_does_not_exist',
      'database_invalid',
      'database_takes_no_connections',
      'connect_not_granted',
      'too_many_connections_of_database',
      'claims_not_pooled',
    ] as const
    for (const name of names) expect(REFUSALS[name].explained.steps.length, name).toBeGreaterThan(0)
  })
})

describe('refusals that anybody may read', () => {
  const forAnyone = TABLE.filter(([, { disclosure }]) => disclosure === 'anyone')

  it('say nothing about the existence of a role, its label, or a group (DESIGN §5, §6.5)', () => {
    for (const [name, definition] of forAnyone) {
      for (const text of textsOf(definition)) {
        expect(text, name).not.toMatch(
          /does not exist|security label|\bgroup\b|member|not permitted to log in|is bound/,
        )
      }
    }
  })

  it('tell a wrong token from a missing role by nothing but what the token itself says', () => {
    // Everything that a login can be told before the token is known to be genuine and unexpired.
    const about = (name: RefusalName) => toPostgresRefusal(refusalOf(name, 'alice@example.com'))
    expect(about('token_not_decodable')?.message).toBe(about('personal_access_token_as_password')?.message)
    expect(about('token_not_decodable')?.sqlstate).toBe('28P01')
    expect(about('token_expired')?.sqlstate).toBe('28P01')
  })
})

describe('texts of the real service, on which clients match (docs/behaviours.md)', () => {
  it.each([
    [
      'behaviour 14',
      refuse('tls_required', { protocolVersion: '196608' }),
      '08P01',
      'Invalid protocol version. Protocol version: 196608',
    ],
    ['behaviour 15', refuse('server_name_missing'), '08006', 'Connection does not have SNI.'],
    [
      'behaviour 16',
      refuse('instance_not_reachable', { reason: 'The database instance is stopped.' }),
      '28000',
      'External authorization failed.',
    ],
    [
      'behaviour 25',
      refuse('personal_access_token_as_password', { role: 'a' }),
      '28P01',
      'Failed to decode token for role "a" and native postgres login was either not attempted due to configuration or failed.',
    ],
    [
      'behaviour 27',
      refuse('role_not_bound', { role: 'a' }),
      '28000',
      'An oauth token was supplied but no role security label was configured in postgres for role "a"',
    ],
    ['behaviour 28', refuse('role_does_not_exist', { role: 'a' }), '28000', 'role "a" does not exist'],
    ['behaviour 72', refuse('handshake_timeout', { seconds: '15' }), '08006', 'Client handshake timeout.'],
  ])('keeps %s as it is', (_behaviour, refusal, sqlstate, message) => {
    expect(toPostgresRefusal(refusal)).toMatchObject({ sqlstate, message })
  })

  it('keeps the reasons of an unreachable instance, ours appended (behaviour 16)', () => {
    expect(toPostgresRefusal(refuse('instance_not_reachable', { reason: 'It sleeps.' }))?.detail).toBe(
      'This could be due to paused instances, disabling readable secondaries, IP ACLs or private link configuration. It sleeps.',
    )
  })

  it('keeps the 404 of an unknown instance, which the CLI’s own fake server has (behaviour 7)', () => {
    expect(toHttpRefusal(refuse('instance_not_found', { name: 'x' }))).toEqual({
      status: 404,
      errorCode: 'NOT_FOUND',
      message: 'DatabaseInstance not found: x',
    })
  })
})

describe('rendering a refusal', () => {
  it('never takes a parameter’s value for a placeholder, whatever a client sends as a role name', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (role, expiredAt) => {
        expect(renderRefusalText('role "{role}" at {expiredAt}.', { role, expiredAt })).toBe(
          `role "${role}" at ${expiredAt}.`,
        )
      }),
    )
    expect(renderRefusalText('{role} {expiredAt}', { role: '{expiredAt}', expiredAt: '$&' })).toBe(
      '{expiredAt} $&',
    )
  })

  it('has no form for a channel that the table does not give one', () => {
    expect(toHttpRefusal(refuse('not_a_member', { role: 'a' }))).toBeUndefined()
    expect(toPostgresRefusal(refuse('instance_not_found', { name: 'x' }))).toBeUndefined()
  })
})
