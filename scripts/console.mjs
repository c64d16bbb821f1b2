/**
 * Builds the console (packages/console) into the server's package: hashed files, each with a Brotli and a gzip twin, and
 * `build.json` with the name of the build. What has not changed since the last build is not built again: Vite takes seconds
 * that every start would pay.
 *
 * A Lakegate may be serving from these files: a new file is put in place whole, and one that is no longer needed goes last.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { THIRD_PARTY_LICENCES, thirdPartyLicences } from './third-party-licences.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
const source = path.join(repository, 'packages/console')
const target = path.join(repository, 'packages/server/console')
const COMPRESSED = /\.(js|css|html|svg|json)$/

const inputs = await hashOfInputs()
const before = await readFile(path.join(target, 'build.json'), 'utf8').then(JSON.parse, () => undefined)
if (before?.inputs !== inputs) await buildConsole()

async function buildConsole() {
  // Whatever the environment says, tests' own for example: for development React's pages name the files of this machine.
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  const result = await build({ configFile: path.join(source, 'vite.config.ts'), build: { write: false } })
  const files = new Map()
  for (const { fileName, type, code, source: bytes } of result.output)
    files.set(fileName, Buffer.from(type === 'chunk' ? code : bytes))
  for (const entry of await readdir(path.join(source, 'public')))
    files.set(entry, await readFile(path.join(source, 'public', entry)))
  const bundled = result.output.flatMap(({ modules }) => Object.keys(modules ?? {}))
  const licences = await thirdPartyLicences('The console of Lakegate', bundled.map(withoutQuery))
  files.set(THIRD_PARTY_LICENCES, Buffer.from(licences))
  const build_ = createHash('sha256')
  for (const [name, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1)))
    build_.update(name).update(bytes)
  files.set('build.json', Buffer.from(JSON.stringify({ build: build_.digest('hex').slice(0, 16), inputs })))

  const kept = new Set()
  // The page last, so that it never names a file that is not there yet; `build.json` after it, so that a build that was cut short is made again.
  const order = [...files].sort(([one], [other]) => rank(one) - rank(other))
  for (const [name, bytes] of order) {
    const twins = [[name, bytes]]
    if (COMPRESSED.test(name) && name !== 'build.json') {
      twins.unshift(
        [`${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })],
        [`${name}.gz`, gzipSync(bytes, { level: 9 })],
      )
    }
    for (const [file, content] of twins) {
      kept.add(file)
      await put(path.join(target, file), content)
    }
  }
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    const file = path.relative(target, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')
    const isUnfinished = /\.[0-9a-f-]{36}$/.test(entry.name)
    if (entry.isFile() && !isUnfinished && !kept.has(file)) await rm(path.join(target, file), { force: true })
  }
}

/** Vite marks how it read a module, as in `…/style.css?inline`, and virtual ones by a zero byte. */
function withoutQuery(module) {
  return module.replace(/^\0/, '').replace(/\?.*$/, '')
}

function rank(name) {
  if (name === 'build.json') return 2
  return name === 'index.html' ? 1 : 0
}

async function put(file, content) {
  await mkdir(path.dirname(file), { recursive: true })
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, content)
  await rename(unfinished, file)
}

/** Of everything that the build reads: the console's sources, those of the packages that it takes in, what is installed. */
async function hashOfInputs() {
  const hash = createHash('sha256')
  const folders = ['packages/console', 'packages/client/src', 'packages/sql-text/src']
  const files = ['package-lock.json', 'scripts/console.mjs', 'scripts/third-party-licences.mjs']
  for (const folder of folders) {
    for (const entry of await readdir(path.join(repository, folder), {
      recursive: true,
      withFileTypes: true,
    })) {
      const file = path
        .relative(repository, path.join(entry.parentPath, entry.name))
        .split(path.sep)
        .join('/')
      if (entry.isFile() && !/\/(node_modules|test)\//.test(file)) files.push(file)
    }
  }
  for (const file of files.sort()) hash.update(file).update(await readFile(path.join(repository, file)))
  return hash.digest('hex')
}
