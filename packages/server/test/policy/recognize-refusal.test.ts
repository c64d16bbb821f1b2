/** Every refusal that a PostgreSQL client can read is known again by its sentences. */
import { describe, expect, it } from 'vitest'
import { recognizeRefusal } from '../../src/policy/recognize-refusal.ts'
import type { RefusalDefinition } from '../../src/policy/refusal-definition.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import { renderRefusalText } from '../../src/policy/refusals.ts'

const readable = Object.entries<RefusalDefinition>(REFUSALS).flatMap(([name, { postgres }]) =>
  postgres === undefined ? [] : [{ name, postgres }],
)
const render = (text: string) =>
  renderRefusalText(
    text,
    Object.fromEntries([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, `some $${name}.*`])),
  )

describe('the name of a refusal', () => {
  it.each(readable)('$name is found by its words', ({ name, postgres }) => {
    const { sqlstate } = postgres
    const [message, detail] = [postgres.message, postgres.detail].map((text) => text && render(text))
    const found = recognizeRefusal({ sqlstate, message: message ?? '', detail })
    // Two that say the same in every word are told apart by nobody.
    const alike = readable.filter(
      (other) =>
        other.postgres.sqlstate === sqlstate &&
        render(other.postgres.message) === message &&
        (other.postgres.detail && render(other.postgres.detail)) === detail,
    )
    expect([name, ...alike.map((other) => other.name)]).toContain(found)
  })

  it('is none for a long text of a statement, which is not looked through: it would take seconds', () => {
    expect(
      recognizeRefusal({
        sqlstate: '53300',
        message: 'no backend of the pool became free within 1 seconds',
        detail: `At most ${'and '.repeat(64_000)}x`,
      }),
    ).toBeUndefined()
  })

  it('is none for an error of PostgreSQL', () => {
    expect(
      recognizeRefusal({ sqlstate: '42P01', message: 'relation "t" does not exist', detail: undefined }),
    ).toBeUndefined()
  })
})
