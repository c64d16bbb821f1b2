/**
 * Runs before npm packs one of our packages (`prepack` of its package.json), in its directory: builds, and refuses to pack what
 * would not work where it is installed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const packageDirectory = process.cwd()
const { name, bin = {}, exports: exported, files } = JSON.parse(readFileSync('package.json', 'utf8'))

// A library is compiled; the program is everything. On standard error, because the standard output of `npm pack --json` is read by programs.
const compile = ['exec', '--', 'tsc', '--build', packageDirectory]
execFileSync('npm', bin.lakegate === undefined ? compile : ['run', '--silent', 'build'], {
  cwd: repository,
  stdio: ['ignore', 2, 2],
})

const problems = [
  ...['README.md', 'LICENSE', ...files.filter((file) => !file.startsWith('!'))].filter(isMissing),
  ...[...Object.values(bin), ...targetsOf(exported)].filter(isMissing),
].map((file) => `${file} is not there`)
problems.push(
  ...leftovers().map((file) => `${file} is left of a source that is gone: remove dist and build again`),
)

if (problems.length > 0) {
  console.error(`${name} cannot be packed:\n${problems.map((problem) => `  ${problem}\n`).join('')}`)
  process.exitCode = 1
}

function isMissing(file) {
  return !existsSync(path.join(packageDirectory, file))
}

/** What `exports` leads to, under any condition. */
function targetsOf(of) {
  if (typeof of === 'string') return [of]
  return Object.values(of ?? {}).flatMap(targetsOf)
}

/** tsc leaves the output of a source that was removed or renamed; esbuild's folder is tidied by scripts/bundle.mjs. */
function leftovers() {
  if (!files.includes('src')) return []
  return readdirSync('dist', { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .filter((file) => isMissing(path.join('src', file.replace(/\.js$/, '.ts'))))
    .map((file) => path.join('dist', file))
}
