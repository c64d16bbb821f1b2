import { describe, expect, it } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { renderSettings, type ResolvedSettings } from '../../src/config/render.ts'
import { SETTING_NAMES, SETTING_SUBJECTS } from '../../src/config/settings.ts'

const render = (environment: Record<string, string>, resolved: ResolvedSettings = {}) =>
  renderSettings(loadSettings({ flags: {}, environment, configFile: undefined }), resolved).split('\n')

const lineOf = (lines: readonly string[], name: string) => lines.find((line) => line.startsWith(name))

describe('lakegate config', () => {
  it('prints one line for every setting, below its subject', () => {
    const lines = render({}).filter((line) => line !== '')
    expect(lines.filter((line) => !line.startsWith('#')).map((line) => line.split(' ')[0])).toEqual(
      SETTING_NAMES,
    )
    expect(lines.filter((line) => line.startsWith('#'))).toEqual(
      SETTING_SUBJECTS.map(({ title }) => `# ${title}`),
    )
  })

  it('prints each value with its source', () => {
    const lines = render({ LAKEGATE_HTTP_PORT: '9000' })
    expect(lineOf(lines, 'http-port')).toMatch(/^http-port +9000 +environment$/)
    expect(lineOf(lines, 'log-level')).toMatch(/^log-level +info +default$/)
  })

  it('prints what a start would take where nothing is set', () => {
    const lines = render({}, { 'public-url': 'http://127.0.0.1:8470' })
    expect(lineOf(lines, 'public-url')).toMatch(/^public-url +http:\/\/127\.0\.0\.1:8470 +derived$/)
  })

  it('says what happens where nothing is set and nothing taken', () => {
    expect(lineOf(render({}), 'ready-file')).toMatch(/\(not set\) +no file is written$/)
  })

  it('says of a secret only that it is set', () => {
    const lines = render({ LAKEGATE_DATABASE_URL: 'postgres://u:hunter2@h/d' })
    expect(lines.join('\n')).not.toContain('hunter2')
    expect(lineOf(lines, 'database-url')).toMatch(/\(set\) +environment$/)
  })
})
