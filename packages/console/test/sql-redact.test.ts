import { describe, expect, it } from 'vitest'
import { holdsSecret, weakestPassword } from '../src/pages/sql/redact.ts'
import { positionAsWritten } from '../src/data/sql-positions.ts'

const HASHED =
  'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$kZ0wz5rYwYgZ0Q0m1cWZQbqk3J0f3Xy8d2o6oG1o2nE=:0mE3dB6tX8b1Fh4yqk1n3lYb1zJ5o2n8J0q2yqk1n3k='

describe('a draft', () => {
  it('with a password is not kept', () => {
    expect(holdsSecret("CREATE ROLE x LOGIN PASSWORD 'pl@in-Secret-9'")).toBe(true)
  })

  it('without one, with none, or with a hash is kept', () => {
    expect(
      ['SELECT 1', 'ALTER ROLE x PASSWORD NULL', `ALTER ROLE x PASSWORD '${HASHED}'`].map(holdsSecret),
    ).toEqual([false, false, false])
  })
})

describe('the strength of a password', () => {
  it.each([
    ["ALTER ROLE x PASSWORD 'short'", 'short'],
    ["ALTER ROLE x PASSWORD 'aaaaaaaaaaaaaaaa'", 'simple'],
    ["ALTER ROLE x PASSWORD 'pl@in-Secret-9'", 'strong'],
    ["ALTER ROLE x PASSWORD 'pl@in-Secret-9'; ALTER ROLE y PASSWORD 'a'", 'short'],
    ['SELECT 1', undefined],
  ])('of %s is %s', (sql, strength) => {
    expect(weakestPassword(sql)).toBe(strength)
  })
})

describe('a position in the text that was sent', () => {
  const replacements = [{ start: 10, end: 14, length: 100 }]
  it.each([
    [5, 5],
    [10, 10],
    [60, 10],
    [110, 14],
    [120, 24],
  ])('%i is %i in the text that was written', (sent, written) => {
    expect(positionAsWritten(sent, replacements)).toBe(written)
  })
})
