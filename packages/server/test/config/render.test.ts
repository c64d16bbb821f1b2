import { describe, expect, it } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { renderSettings } from '../../src/config/render.ts'
import { SETTING_NAMES } from '../../src/config/settings.ts'

const render = (environment: Record<string, string>) =>
  renderSettings(loadSettings({ flags: {}, environment, configFile: undefined })).split('\n')

describe('lakegate config', () => {
  it('prints one line for every setting', () => {
    expect(render({}).map((line) => line.split(' ')[0])).toEqual(SETTING_NAMES)
  })

  it('prints each value with its source', () => {
    const lines = render({ LAKEGATE_HTTP_PORT: '9000' })
    expect(lines.find((line) => line.startsWith('http-port'))).toMatch(/^http-port +9000 +environment$/)
    expect(lines.find((line) => line.startsWith('log-level'))).toMatch(/^log-level +info +default$/)
  })

  it('says what happens where nothing is set', () => {
    expect(render({}).find((line) => line.startsWith('ready-file'))).toMatch(
      /\(not set\) +no file is written$/,
    )
  })

  it('says of a secret only that it is set', () => {
    const lines = render({ LAKEGATE_DATABASE_URL: 'postgres://u:hunter2@h/d' })
    expect(lines.join('\n')).not.toContain('hunter2')
    expect(lines.find((line) => line.startsWith('database-url'))).toMatch(/\[redacted\] +environment$/)
  })
})
