/** The command of the banner works when pasted, wherever the data is and whatever else is configured. */
import { describe, expect, it } from 'vitest'
import { renderBanner, type BannerFacts } from '../../src/cli/banner.ts'

const FACTS: BannerFacts = {
  httpUrl: 'http://127.0.0.1:8470',
  accountId: 'a',
  workspace: { id: '1', name: 'default' },
  adminUser: 'admin@lakegate.local',
  isFirstStart: true,
  access: { kind: 'kept', tokenFile: undefined, signInLinkFile: undefined },
  caFile: '/ca.pem',
  localLogin: { dataDirectory: undefined, isByNpm: true },
  instance: {
    name: 'dev',
    host: '127.0.0.1',
    port: 5432,
    pooled: undefined,
    database: 'databricks_postgres',
    role: 'admin@lakegate.local',
  },
  standIns: [],
  remarks: [],
}

describe('the command with which the owner of the data logs in', () => {
  it.each([
    [{ dataDirectory: undefined, isByNpm: true }, false, '  npx lakegate psql dev'],
    [{ dataDirectory: undefined, isByNpm: false }, false, '  lakegate psql dev'],
    [{ dataDirectory: undefined, isByNpm: false }, true, '  lakegate psql dev --local'],
    [
      { dataDirectory: '/srv/data', isByNpm: false },
      false,
      '  LAKEGATE_DATA_DIR=/srv/data lakegate psql dev',
    ],
    [
      { dataDirectory: "/a b/$c'd", isByNpm: false },
      false,
      String.raw`  LAKEGATE_DATA_DIR='/a b/$c'\''d' lakegate psql dev`,
    ],
  ])('of %j, signed in elsewhere: %s', (localLogin, isElsewhere, line) => {
    expect(renderBanner({ ...FACTS, localLogin }, isElsewhere).split('\n')).toContain(line)
  })

  it('is left out where nobody can log in like that', () => {
    expect(renderBanner({ ...FACTS, localLogin: undefined }, false)).not.toContain('lakegate psql')
  })
})
