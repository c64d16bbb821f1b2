/** Which extensions owners of databases may create: by the operator's two lists, and by what scripts give away. */
import { describe, expect, it } from 'vitest'
import {
  DANGEROUS_EXTENSIONS,
  decideExtension,
  DEFAULT_EXTENSIONS,
  readExtensionRules,
  type ExtensionRules,
} from '../../src/policy/extensions.ts'

const rules = (extensions: string, dangerous = ''): ExtensionRules => {
  const read = readExtensionRules(extensions, dangerous)
  if ('problem' in read) throw new Error(read.problem)
  return read
}
const SCRIPT = ['CREATE FUNCTION f() RETURNS int LANGUAGE c;']
const FDW = ['CREATE FUNCTION f();\ncreate  foreign data\n wrapper w HANDLER f;']
const LANGUAGE = ['CREATE LANGUAGE l HANDLER f;']
const TRUSTED_LANGUAGE = ['CREATE TRUSTED LANGUAGE l HANDLER f;']

describe('what an owner may create', () => {
  it.each([
    ['of the default list', 'vector', SCRIPT, rules('default'), 'trusted'],
    ['named beside the default list', 'pg_partman', SCRIPT, rules('default, pg_partman'), 'trusted'],
    ['by its beginning', 'tsm_other', SCRIPT, rules('tsm_*'), 'trusted'],
    ['with every beginning', 'anything', SCRIPT, rules('*'), 'trusted'],
    ['not named', 'pg_trgm', SCRIPT, rules('hstore'), 'untrusted'],
    ['with an empty list', 'pg_trgm', SCRIPT, rules(''), 'untrusted'],
    ['a trusted language that is named', 'l', TRUSTED_LANGUAGE, rules('l'), 'trusted'],
    ['dangerous by name, under every beginning', 'dblink', SCRIPT, rules('*'), 'untrusted'],
    ['dangerous by name, and wanted', 'dblink', SCRIPT, rules('', 'dblink'), 'trusted'],
    ['a foreign data wrapper under every beginning', 'w', FDW, rules('*'), 'untrusted'],
    ['an untrusted language under every beginning', 'l', LANGUAGE, rules('*'), 'untrusted'],
    ['an untrusted language, and wanted', 'l', LANGUAGE, rules('', 'l'), 'trusted'],
    ['databricks_auth', 'databricks_auth', SCRIPT, rules('*'), 'not_ours'],
    ['plpgsql', 'plpgsql', TRUSTED_LANGUAGE, rules(''), 'not_ours'],
  ] as const)('%s', (_what, name, scripts, given, verdict) => {
    expect(decideExtension(name, scripts, given)).toBe(verdict)
  })

  it('a comment is no statement', () => {
    expect(decideExtension('x', ['-- CREATE LANGUAGE l\nCREATE TYPE t;'], rules('x'))).toBe('trusted')
  })
})

describe('the operator is told', () => {
  it.each(Object.keys(DANGEROUS_EXTENSIONS))('that %s does not belong in the list', (name) => {
    expect(readExtensionRules(`default,${name}`, '')).toMatchObject({ setting: 'extensions' })
  })

  it.each([
    ['w', FDW],
    ['l', LANGUAGE],
  ])('that %s, which is dangerous by its script, does not belong in the list', (name, scripts) => {
    expect(decideExtension(name, scripts, rules(name))).toMatchObject({ setting: 'extensions' })
  })

  it.each(['A', 'a b', '../a', 'a--b', '-a', 'a*b', "a'"])('that %s is no name', (name) => {
    expect(readExtensionRules(name, '')).toMatchObject({ setting: 'extensions' })
    expect(readExtensionRules('', name)).toMatchObject({ setting: 'dangerous-extensions' })
  })

  it('that dangerous ones are named one by one', () => {
    expect(readExtensionRules('', 'postgres*')).toMatchObject({ setting: 'dangerous-extensions' })
  })
})

it('the default list names nothing dangerous, and nothing twice', () => {
  const names = DEFAULT_EXTENSIONS.map(({ name }) => name)
  expect(names.filter((name) => Object.hasOwn(DANGEROUS_EXTENSIONS, name))).toEqual([])
  expect(names).toEqual([...new Set(names)])
})
