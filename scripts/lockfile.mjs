/**
 * `npm run lockfile`: gives every entry of package-lock.json that comes from a registry its `integrity`, the SHA-512 of
 * its content, which npm leaves out when it writes the file from an installed tree. Without it `npm ci` takes whatever
 * the registry serves under that version. test/house/lock-file.test.ts says when it must be run.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const LOCK_FILE = fileURLToPath(new URL('../package-lock.json', import.meta.url))
/** Packages that npm is asked about at once; the length of a command line is bounded. */
const AT_ONCE = 50
const LONGEST_ANSWER = 64 * 1024 * 1024

const lock = JSON.parse(await readFile(LOCK_FILE, 'utf8'))
const missing = Object.entries(lock.packages).filter(
  ([location, entry]) => location.includes('node_modules/') && !entry.link && !entry.integrity,
)
const wanted = [...new Set(missing.map(([location, entry]) => specOf(location, entry)))]
const found = new Map()
for (let start = 0; start < wanted.length; start += AT_ONCE) {
  for (const { id, integrity } of await contentsOf(wanted.slice(start, start + AT_ONCE)))
    found.set(id, integrity)
}
for (const [location, entry] of missing) {
  const integrity = found.get(specOf(location, entry))
  if (integrity === undefined) throw new Error(`npm does not say what ${specOf(location, entry)} contains`)
  lock.packages[location] = inOrder(entry, integrity)
}
if (missing.length > 0) await writeFile(LOCK_FILE, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${String(missing.length)} entries of package-lock.json got their integrity`)

/** An entry has a name of its own only where it is an alias. */
function specOf(location, { name, version }) {
  return `${name ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`
}

/** npm loads each, compares it with what the registry says of it, and tells the hash of what it got. */
async function contentsOf(specs) {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-lockfile-'))
  try {
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', ...specs], {
      cwd: directory,
      maxBuffer: LONGEST_ANSWER,
    })
    return Object.values(JSON.parse(stdout))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Where npm writes it: behind the version and the address. */
function inOrder({ version, resolved, ...rest }, integrity) {
  return { version, ...(resolved === undefined ? {} : { resolved }), integrity, ...rest }
}
