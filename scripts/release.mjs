/**
 * `npm run release -- VERSION [--really] [--only-versions]`: makes a release, or by default says what it would be.
 *
 *   checks   the version is the next one, the tree is clean, there is no such tag, the changelog has something pending
 *   tests    .ci/run, which has to end well (with --really)
 *   versions of all packages and of what they want of each other, of the chart and of the manifests; the changelog's section
 *   packs    tarballs of all packages, the bill of materials (CycloneDX) and checksums, into `release/`
 *   commits  and tags it (with --really); pushing the tag is left to you, and publishes (.github/workflows/release.yml)
 *
 * With --only-versions neither tests nor packs, for who has done both.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

const PUBLISHED = ['packages/client', 'packages/sql-text', 'packages/server']
const MANIFESTS = [
  'package.json',
  ...PUBLISHED.map((one) => `${one}/package.json`),
  'packages/console/package.json',
]
const OUTPUT = 'release'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { really: { type: 'boolean' }, 'only-versions': { type: 'boolean' } },
})
const [version] = positionals
const present = readJson('packages/server/package.json').version
// Every git is told nothing of its configuration but what it is asked here.
const git = (...words) => execFileSync('git', words, { encoding: 'utf8' }).trim()

const problems = check()
if (problems.length > 0) {
  console.error(`This cannot be released:\n${problems.map((one) => `  ${one}\n`).join('')}`)
  process.exit(1)
}
const changes = changesOf()
console.log(`${present} → ${version}\n${[...changes.keys()].map((file) => `  ${file}\n`).join('')}`)
if (!values.really) {
  if (!values['only-versions']) pack(present)
  console.log('Nothing was changed: --really runs .ci/run, writes, packs, commits and tags.')
} else {
  if (!values['only-versions']) execFileSync('bash', ['.ci/run'], { stdio: 'inherit' })
  for (const [file, text] of changes) writeFileSync(file, text)
  if (!values['only-versions']) pack(version)
  git('commit', '--quiet', '--message', `Release ${version}`, '--', ...changes.keys())
  git('tag', '--annotate', '--message', `Lakegate ${version}`, `v${version}`)
  console.log(`Released here. To publish it: git push origin HEAD v${version}`)
}

function check() {
  const found = []
  if (!/^\d+\.\d+\.\d+(?:-[0-9a-z.]+)?$/.test(version ?? ''))
    return ['Name a version, such as 1.2.3: npm run release -- 1.2.3']
  if (!isLater(version, present)) found.push(`${version} is not later than ${present}.`)
  if (git('status', '--porcelain') !== '')
    found.push('There are changes that are not committed: commit or stash them.')
  if (git('tag', '--list', `v${version}`) !== '') found.push(`The tag v${version} exists.`)
  if (pendingNotes().trim() === '') found.push('CHANGELOG.md says nothing below «Pending»: say what is new.')
  const versions = MANIFESTS.map((file) => readJson(file).version)
  if (new Set(versions).size > 1) found.push(`The packages are not in step: ${versions.join(', ')}.`)
  return found
}

/** By the numbers; a pre-release comes before its release. */
function isLater(one, other) {
  const parse = (text) => {
    const [numbers, ...rest] = text.split('-')
    return [...numbers.split('.').map(Number), rest.length > 0 ? 0 : 1]
  }
  const [a, b] = [parse(one), parse(other)]
  const first = a.findIndex((part, index) => part !== b[index])
  return first >= 0 ? a[first] > b[first] : one.includes('-') && one > other
}

function pendingNotes() {
  return /^## Pending\n([^]*?)(?=^## |$(?![^]))/m.exec(readFileSync('CHANGELOG.md', 'utf8'))?.[1] ?? ''
}

/** @returns the new text of each file that carries the version */
function changesOf() {
  const names = MANIFESTS.map((file) => readJson(file).name)
  const found = new Map()
  const edit = (file, change) => found.set(file, change(readFileSync(file, 'utf8')))
  for (const file of MANIFESTS) edit(file, (text) => json(inStep(JSON.parse(text), names)))
  edit('package-lock.json', (text) => {
    const lock = JSON.parse(text)
    lock.version = version
    for (const [location, entry] of Object.entries(lock.packages))
      if (!location.includes('node_modules/')) lock.packages[location] = inStep(entry, names)
    return json(lock)
  })
  edit('deploy/helm/lakegate/Chart.yaml', (text) =>
    text.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`),
  )
  const image = (text) => text.replace(/(image: "?lakegate:)[^"\s]+/g, `$1${version}`)
  edit('deploy/kubernetes/single.yaml', image)
  edit('deploy/kubernetes/lakegate.yaml', (text) =>
    image(text).replace(/(app\.kubernetes\.io\/version: ).*/g, `$1"${version}"`),
  )
  const today = new Date().toISOString().slice(0, 10)
  edit('CHANGELOG.md', (text) => text.replace('## Pending\n', `## Pending\n\n## ${version}, ${today}\n`))
  return found
}

/** A manifest, or its entry of the lock file, with this version and this version of our other packages. */
function inStep(manifest, names) {
  const changed = { ...manifest, version }
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'])
    if (manifest[kind] !== undefined)
      changed[kind] = Object.fromEntries(
        Object.entries(manifest[kind]).map(([name, of]) => [name, names.includes(name) ? version : of]),
      )
  return changed
}

/** Tarballs, the bill of materials, checksums. `prepack` of each package builds it, and refuses what would not work. */
function pack(of) {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT)
  const workspaces = PUBLISHED.flatMap((one) => ['--workspace', one])
  execFileSync(
    'npm',
    ['pack', '--silent', '--foreground-scripts', '--pack-destination', OUTPUT, ...workspaces],
    {
      stdio: 'inherit',
    },
  )
  execFileSync(process.execPath, ['scripts/sbom.mjs', path.join(OUTPUT, `lakegate-${of}.cdx.json`)], {
    stdio: 'inherit',
  })
  const sums = readdirSync(OUTPUT).map((file) => {
    const sum = createHash('sha256').update(readFileSync(path.join(OUTPUT, file)))
    return `${sum.digest('hex')}  ${file}\n`
  })
  writeFileSync(path.join(OUTPUT, 'SHA256SUMS'), sums.join(''))
  console.log(
    `In ${OUTPUT}/:\n${readdirSync(OUTPUT)
      .map((file) => `  ${file}\n`)
      .join('')}`,
  )
}

function readJson(file) {
  if (!existsSync(file)) throw new Error(`${file} is not there: run this in the repository`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`
}
