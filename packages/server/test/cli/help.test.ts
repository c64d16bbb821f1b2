/** `lakegate --help` and what the commands say of themselves, as a terminal of 80 columns shows it. */
import { describe, expect, it } from 'vitest'
import { Command } from 'commander'
import { settingOptions, withOurHelp } from '../../src/cli/help.ts'
import { readVersion } from '../../src/cli/version.ts'
import { SETTING_NAMES, SETTING_SUBJECTS } from '../../src/config/settings.ts'

function helpOf(columns: number): string {
  const command = new Command('up').configureOutput({ getOutHelpWidth: () => columns })
  for (const option of settingOptions()) command.addOption(option)
  return withOurHelp(command).helpInformation()
}

describe('the help of a command that takes settings', () => {
  it('has a group for every subject, and in it every setting that is no secret', () => {
    const help = helpOf(80)
    for (const { title } of SETTING_SUBJECTS) expect(help).toContain(`\n${title}:\n`)
    const flags = [...help.matchAll(/^ {2}--([a-z-]+) </gm)].map(([, name]) => name)
    expect(flags).toEqual(SETTING_NAMES.filter((name) => name !== 'database-url'))
  })

  it.each([60, 80, 100])('is not wider than a terminal of %i columns', (columns) => {
    const widest = Math.max(
      ...helpOf(columns)
        .split('\n')
        .map(({ length }) => length),
    )
    expect(widest).toBeLessThanOrEqual(columns)
  })

  it('has lines that can be read on a very wide terminal', () => {
    expect(
      Math.max(
        ...helpOf(300)
          .split('\n')
          .map(({ length }) => length),
      ),
    ).toBeLessThanOrEqual(100)
  })
})

describe('the version', () => {
  it('is that of the package', () => {
    expect(readVersion()).toMatch(/^\d+\.\d+\.\d+/)
  })
})
