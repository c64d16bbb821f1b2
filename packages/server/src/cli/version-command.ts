/** `lakegate version`, as `databricks version`. */
import { Command } from 'commander'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import { readVersion } from './version.ts'

/** SDKs that take this program for the databricks CLI ask it; fields and text are those of that one. */
export function versionCommand(): Command {
  return withOutput(new Command('version'))
    .description('print the version')
    .action((flags: OutputFlags) => {
      const version = readVersion()
      const output = createOutput(flags)
      if (output.isQuiet) process.stdout.write(`${version}\n`)
      else if (output.isText(true)) process.stdout.write(`Lakegate v${version}\n`)
      else output.showJson(answerOf(version))
    })
}

function answerOf(version: string) {
  const [numbers = '', prerelease = ''] = version.split(/-(.*)/s)
  const [major = 0, minor = 0, patch = 0] = numbers.split('.').map(Number)
  return {
    ProjectName: 'lakegate',
    Version: version,
    Tag: `v${version}`,
    Major: major,
    Minor: minor,
    Patch: patch,
    Prerelease: prerelease,
    IsSnapshot: false,
  }
}
