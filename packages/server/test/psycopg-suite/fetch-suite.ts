/**
 * psycopg and its own tests, into a temporary directory. The wheels and source distributions of PyPI carry no tests (3.1 to
 * 3.3.9 were looked at), so they come from Debian's source package, whose archive is the project's release; or from a
 * release that the caller has.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { installPythonClient } from '../stage/python-client.ts'

const run = promisify(execFile)

const ANY_VERSION = '3.3.*'
const DEBIAN_SOURCES =
  'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main\n'

export interface PsycopgSuite {
  readonly python: string
  /** Holds `tests/`. */
  readonly directory: string
  /** For files of the caller's own. */
  readonly scratch: string
  remove(): Promise<void>
}

/** Says in a sentence what cannot be had. */
export class SuiteNotFound extends Error {}

/**
 * @param release a directory or an archive of a release of psycopg, if there is one
 * @throws SuiteNotFound
 */
export async function fetchPsycopgSuite(release: string | undefined): Promise<PsycopgSuite> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'lakegate-psycopg-'))
  const steps = [() => rm(scratch, { recursive: true, force: true })]
  const remove = async () => {
    for (const step of steps) await step()
  }
  try {
    const { directory, version } =
      release === undefined ? await fromDebian(scratch) : await fromRelease(release, scratch)
    const client = await installPythonClient(`psycopg[binary,test]==${version}`)
    steps.push(() => client.remove())
    if (client.missing !== undefined)
      throw new SuiteNotFound(`psycopg cannot be installed: ${client.missing}`)
    return { python: client.python, directory, scratch, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

interface Found {
  readonly directory: string
  readonly version: string
}

async function fromRelease(release: string, scratch: string): Promise<Found> {
  const isDirectory = (await stat(release).catch(() => undefined))?.isDirectory() === true
  const directory = isDirectory ? path.resolve(release) : await unpack(release, scratch)
  if (!existsSync(path.join(directory, 'tests', 'conftest.py')))
    throw new SuiteNotFound(`${release} holds no tests of psycopg`)
  const version = /(\d+\.\d+\.\d+)/.exec(path.basename(release))?.[1]
  return { directory, version: version ?? ANY_VERSION }
}

/** With an apt configuration of its own: the machine's stays as it is. */
async function fromDebian(scratch: string): Promise<Found> {
  for (const part of ['lists/partial', 'cache/archives/partial'])
    await mkdir(path.join(scratch, part), { recursive: true })
  const list = path.join(scratch, 'sources.list')
  await writeFile(list, DEBIAN_SOURCES)
  const own = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${scratch}/lists`, '-o', `Dir::Cache=${scratch}/cache`],
    ...['-o', `APT::Sandbox::User=${process.env['USER'] ?? 'root'}`],
  ]
  try {
    await run('apt-get', [...own, 'update'])
    await run('apt-get', [...own, 'source', '--download-only', 'psycopg3'], { cwd: scratch })
  } catch (error) {
    const last = error instanceof Error ? error.message.trim().split('\n').at(-2) : undefined
    throw new SuiteNotFound(`Debian’s source package psycopg3 cannot be had: ${last ?? String(error)}`)
  }
  const archive = (await readdir(scratch)).find((name) => name.includes('.orig.tar.'))
  const version = /_(\d+\.\d+\.\d+)\.orig/.exec(archive ?? '')?.[1]
  if (archive === undefined || version === undefined)
    throw new SuiteNotFound('Debian’s source package psycopg3 holds no release')
  return { directory: await unpack(path.join(scratch, archive), scratch), version }
}

async function unpack(archive: string, scratch: string): Promise<string> {
  const directory = path.join(scratch, 'release')
  await mkdir(directory)
  try {
    await run('tar', ['-xf', path.resolve(archive), '-C', directory, '--strip-components=1'])
  } catch (error) {
    throw new SuiteNotFound(`${archive} cannot be unpacked`, { cause: error })
  }
  return directory
}
