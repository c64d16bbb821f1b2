/** Secrets in SQL: found, hidden, and hashed as PostgreSQL hashes them. */
import { describe, expect, it } from 'vitest'
import {
  findSecrets,
  hashRolePassword,
  hashRolePasswords,
  isHashedPassword,
  literalValue,
  redactSecrets,
  scramVerifier,
} from '@lakegate/sql-text'

const SECRET = 'pl@in-Secret-9'

describe('a secret', () => {
  it.each([
    ['role_password', `CREATE ROLE x LOGIN PASSWORD '${SECRET}'`],
    ['role_password', `create user x with encrypted password\n'${SECRET}' valid until 'infinity'`],
    ['role_password', `ALTER ROLE "x;y" PASSWORD /* a */ E'${SECRET}'`],
    ['role_password', `ALTER USER x PASSWORD $$${SECRET}$$`],
    ['role_password', `ALTER USER x PASSWORD 'pl@in-'\n'Secret-9'`],
    ['role_password', `CREATE GROUP x PASSWORD '${SECRET}`],
    ['role_password', `DO $do$ BEGIN IF true THEN CREATE ROLE x PASSWORD '${SECRET}'; END IF; END $do$`],
    ['role_password', `DO $do$ BEGIN EXECUTE 'CREATE ROLE x PASSWORD ''${SECRET}'''; END $do$`],
    ['user_mapping', `CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'x', password '${SECRET}')`],
    ['user_mapping', `ALTER SERVER s OPTIONS (SET password '${SECRET}')`],
    ['subscription', `CREATE SUBSCRIPTION s CONNECTION 'host=h password=${SECRET}' PUBLICATION p`],
    ['connection_string', `SELECT dblink_connect('host=h password=${SECRET}')`],
    ['connection_string', `SELECT f('postgresql://u:${SECRET.replace('@', '%40')}@h/d')`],
  ])('%s is found, and does not survive redaction: %s', (kind, sql) => {
    expect(findSecrets(`SELECT 1; ${sql}`)).toMatchObject([{ kind }])
    const redacted = redactSecrets(`SELECT 1; ${sql}`)
    expect(redacted).toContain(`'•••'`)
    expect(redacted).not.toMatch(/Secret-9/)
  })

  it.each([
    `SELECT password FROM users WHERE password = 'x'`,
    `ALTER ROLE x PASSWORD NULL`,
    `ALTER ROLE x SET search_path = 'a'`,
    `CREATE TABLE t (password text DEFAULT 'none')`,
    `COMMENT ON ROLE x IS 'has a password'`,
  ])('is none where nothing is set: %s', (sql) => {
    expect(findSecrets(sql)).toEqual([])
  })
})

describe('a hostile text', () => {
  const LENGTH = 1024 * 1024
  const filled = (part: string): string => part.repeat(Math.ceil(LENGTH / part.length)).slice(0, LENGTH)

  // Each of these took a minute and more, or would if it were read as often as it has parts.
  it.each([
    ['addresses within one another', `'${filled('postgres://a:')}'`],
    ['addresses with the sign in the end', `'${filled('postgres://a:')} @'`],
    ['no address', `'${filled('postgres://a')}'`],
    ['words without a value', `'${filled('password ')}'`],
    ['a long gap', `'password${filled(' ')}'`],
    ['bodies', filled('$$password$$ ')],
    ['roles', filled(`CREATE USER PASSWORD ''`)],
    ['literals', filled(`'password',`)],
    ['signs', `password ${filled('/')}`],
  ])('is read in one go: %s', { timeout: 10_000 }, (_, sql) => {
    expect(redactSecrets(sql).length).toBeGreaterThan(0)
  })

  it.each([
    `'postgresql://u:p:w@h/d'`,
    `'see https://h/x and postgres://u:p@h'`,
    `'mail a@b, postgres://:p@h'`,
    `'sslpassword =\n x'`,
  ])('hides no address from us: %s', (sql) => {
    expect(findSecrets(`SELECT dblink_connect(${sql})`)).toMatchObject([{ kind: 'connection_string' }])
  })
})

describe('hashing', () => {
  it('is that of RFC 7677', async () => {
    const salt = Uint8Array.from(atob('W22ZaJ0SNY7soEsUEjb6gQ=='), (char) => char.charCodeAt(0))
    expect(await scramVerifier('pencil', { salt, iterations: 4096 })).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    )
  })

  it('prepares a password as PostgreSQL does, and takes one that is not allowed as it is', async () => {
    const salt = new Uint8Array(16)
    const hash = (password: string) => scramVerifier(password, { salt, iterations: 1 })
    // RFC 4013 §3
    expect(await hash('I\u00adX')).toBe(await hash('IX'))
    expect(await hash('\u00aa')).toBe(await hash('a'))
    expect(await hash('\u2168')).toBe(await hash('IX'))
    expect(await hash('a\u00a0b')).toBe(await hash('a b'))
    // Prohibited, mixed directions, not in Unicode 3.2: nothing is changed, a ligature beside it neither.
    for (const char of ['\u0007', '\u0627\u0031', '😀'])
      expect(await hash(`${char}\u2168`)).not.toBe(await hash(`${char}IX`))
  })

  it('replaces passwords of roles alone, tells what it could not read, and leaves hashes', async () => {
    const hashed = await hashRolePassword(SECRET)
    expect(isHashedPassword(hashed)).toBe(true)
    const sql = `CREATE ROLE a PASSWORD '${SECRET}'; ALTER ROLE b PASSWORD '${hashed}'; ALTER ROLE c PASSWORD '';
      DO $$ BEGIN EXECUTE 'ALTER ROLE d PASSWORD ''e'''; END $$; SELECT dblink_connect('password=f')`
    const result = await hashRolePasswords(sql)
    expect(result).toMatchObject({ hashed: 1, unreadable: 1, replacements: [{ start: 23, end: 39 }] })
    expect(result.sql).not.toContain(SECRET)
    expect(result.sql.slice(result.sql.indexOf('; ALTER'))).toBe(sql.slice(sql.indexOf('; ALTER')))
  })
})

it('nobody waits for passwords that are hashed for no one', { timeout: 10_000 }, async () => {
  let looks = 0
  const { hashed } = await hashRolePasswords(`CREATE ROLE a PASSWORD 'b';`.repeat(40_000), {}, () => {
    looks += 1
    return looks > 3
  })
  expect(hashed).toBe(3)
})

describe('the value of a literal', () => {
  it.each([
    [`'it''s'`, "it's"],
    [`E'\\x41\\101\\u00e9\\'\\\\\\n'`, "AAé'\\\n"],
    [`E'\\xc3\\xa9'`, 'é'],
    [`'a'  -- it's\n 'b'`, 'ab'],
    [`$a$'$$'$a$`, `'$$'`],
    [`N'x'`, 'x'],
    [`U&'\\0041'`, undefined],
    [`E'\\xff'`, undefined],
    [`'open`, undefined],
  ])('%s', (literal, value) => {
    expect(literalValue(literal)).toBe(value)
  })
})
