/** src/protocol/startup-options.ts: one setting is found and taken, everything else stays as it was. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { takeSetting } from '../../src/protocol/startup-options.ts'

const take = (options: string) => {
  const { value, rest } = takeSetting(Buffer.from(options), 'databricks_auth.login')
  return [value, rest.toString()] as const
}

describe('options', () => {
  it.each([
    ['-c databricks_auth.login=oauth', 'oauth', ''],
    ['-cdatabricks_auth.login=oauth', 'oauth', ''],
    ['--databricks_auth.login=oauth', 'oauth', ''],
    ['--databricks-auth.login=oauth', 'oauth', ''],
    ['-c Databricks_Auth.Login=oauth', 'oauth', ''],
    ['-c databricks_auth.login=oa\\uth', 'oauth', ''],
    [
      '-c search_path=a\\ b -c databricks_auth.login=oauth -c x.y=z',
      'oauth',
      '-c search_path=a\\ b  -c x.y=z',
    ],
    ['-c databricks_auth.login=oauth -c databricks_auth.login=password', 'password', ' '],
    ['-c x.y=databricks_auth.login=oauth', undefined, '-c x.y=databricks_auth.login=oauth'],
    ['-c databricks_auth.login', undefined, '-c databricks_auth.login'],
    ['-c -cdatabricks_auth.login=oauth', undefined, '-c -cdatabricks_auth.login=oauth'],
    ['-c databricks_auth.login2=oauth', undefined, '-c databricks_auth.login2=oauth'],
    ['', undefined, ''],
    ['-c', undefined, '-c'],
    ['x\\', undefined, 'x\\'],
  ])('%j: %j, and %j stays', (options, value, rest) => {
    expect(take(options)).toEqual([value, rest])
  })

  it('of others stay byte for byte, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const options = Buffer.from(bytes)
        expect(takeSetting(options, 'databricks_auth.login')).toEqual({ value: undefined, rest: options })
      }),
    )
  })
})
