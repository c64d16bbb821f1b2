import { describe, expect, it } from 'vitest'
import {
  bindRoleSql,
  changeRoleSql,
  createPasswordRoleSql,
  createRoleSql,
  dropRoleSql,
  quoteIdentifier,
  quoteLiteral,
} from '../src/pages/instance-tabs/role-sql.ts'

describe('SQL that a form about roles shows', () => {
  it('quotes names and texts whatever is in them', () => {
    expect(quoteIdentifier('a "b" c')).toBe('"a ""b"" c"')
    expect(quoteLiteral("it's")).toBe("'it''s'")
    expect(quoteLiteral("back\\slash's")).toBe("E'back\\\\slash''s'")
  })

  it('creates the role of an identity by the function that binds it, with what it may do', () => {
    const settings = { attributes: { createdb: true, bypassrls: false }, isSuperuser: true }
    expect(createRoleSql({ name: 'Analysts', type: 'GROUP', ...settings })).toBe(
      [
        "SELECT databricks_create_role('Analysts', 'GROUP');",
        'ALTER ROLE "Analysts" CREATEDB;',
        'GRANT databricks_superuser TO "Analysts";',
      ].join('\n'),
    )
  })

  it('creates a role with a verifier in the place of a password', () => {
    const settings = { attributes: { createrole: true }, isSuperuser: false }
    expect(createPasswordRoleSql('app', 'SCRAM-SHA-256$4096:x', settings)).toBe(
      'CREATE ROLE "app" LOGIN CREATEROLE PASSWORD \'SCRAM-SHA-256$4096:x\';',
    )
  })

  it('changes only what differs, and takes the system role away where it is no longer wanted', () => {
    expect(changeRoleSql('app', { attributes: { createdb: false }, isSuperuser: false }, true)).toBe(
      'ALTER ROLE "app" NOCREATEDB;\nREVOKE databricks_superuser FROM "app";',
    )
    expect(changeRoleSql('app', { attributes: {}, isSuperuser: true }, true)).toBe('')
  })

  it('drops a role after what it owns went to another one', () => {
    expect(dropRoleSql('app', undefined)).toBe('DROP ROLE "app";')
    expect(dropRoleSql('app', 'heir')).toContain('REASSIGN OWNED BY "app" TO "heir";')
  })

  it('binds a role by the label that a login reads', () => {
    expect(bindRoleSql('legacy', '4711', 'USER')).toBe(
      "SELECT databricks_set_role_label('legacy', 'id=4711,type=USER');",
    )
  })
})
