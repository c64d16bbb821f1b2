/** What the shell's history does not keep. */
import { describe, expect, it } from 'vitest'
import { holdsSecret } from '../../../src/cli/connect/shell/history.ts'

describe('a statement', () => {
  it.each([
    "alter role x password 'geheim'",
    "create user mapping for x server s options (password 'p')",
    "ALTER\nROLE x\nPassWord\n'p'",
    '\\password x',
    "select dblink_connect('host=x password=y')",
    "select dblink_connect('postgres://me:pw@host/db')",
    "select 'dapi0123456789abcdef0123456789abcdef01234567'",
    "set x.token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.abc'",
    "insert into secrets values ('x')",
  ])('with a secret is not kept: %s', (statement) => {
    expect(holdsSecret(statement)).toBe(true)
  })

  it.each(['select 1', 'select * from tokens', "select 'a@b.c'", '\\dt'])(
    'without one is kept: %s',
    (statement) => {
      expect(holdsSecret(statement)).toBe(false)
    },
  )
})
