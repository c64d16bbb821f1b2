/**
 * A virtual environment with pinned packages of PyPI, for clients that are not ours; where it cannot be had, why. One for all
 * test files that want the same packages: to install them takes longer than most of what they are wanted for.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { unsyncedPostgres } from './unsynced-postgres.ts'
import { waitFor } from './wait-for.ts'

const run = promisify(execFile)
/** A download may be slow, and another file waits for it no shorter. */
const INSTALL_LIMIT_MS = 300_000

export interface PythonClient {
  readonly python: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  remove(): Promise<void>
}

export const installPythonClient = (...requirements: readonly string[]): Promise<PythonClient> =>
  install(requirements, installWithPip)

/**
 * For a package that needs a hundred others: pip looks for versions that go together for longer than a test may take. Where uv does
 * not get at the packages, because only pip was told where they are, pip has to.
 */
export const installLargePythonClient = (...requirements: readonly string[]): Promise<PythonClient> =>
  install(requirements, async (python, wanted) => {
    try {
      await installWithPip(python, ['uv'])
      await run(path.join(path.dirname(python), 'uv'), [
        'pip',
        'install',
        '--quiet',
        '--python',
        python,
        ...wanted,
      ])
    } catch {
      await installWithPip(python, wanted)
    }
  })

type Installer = (python: string, requirements: readonly string[]) => Promise<unknown>

const installWithPip: Installer = (python, requirements) =>
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], {
    timeout: INSTALL_LIMIT_MS,
  })

async function install(requirements: readonly string[], installer: Installer): Promise<PythonClient> {
  const ofAllTests = unsyncedPostgres()
  const directory =
    ofAllTests === undefined
      ? await mkdtemp(path.join(tmpdir(), 'lakegate-python-'))
      : path.join(ofAllTests, `python-${nameOf(requirements)}`)
  const missing =
    ofAllTests === undefined || (await isFirst(directory))
      ? await fill(directory, requirements, installer)
      : await outcomeOf(directory, requirements)
  if (missing !== undefined)
    console.warn(`${requirements.join(', ')} cannot be had, its tests are skipped: ${missing}`)
  return {
    python: path.join(directory, 'bin', 'python'),
    missing,
    // That of all tests goes with the directory that it is in, when the last of them is over.
    remove: async () => {
      if (ofAllTests === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

const nameOf = (requirements: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(requirements)).digest('hex').slice(0, 16)

async function isFirst(directory: string): Promise<boolean> {
  try {
    await mkdir(directory)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const outcomeFile = (directory: string): string => path.join(directory, 'outcome.json')

/** @returns what is missing */
async function fill(
  directory: string,
  requirements: readonly string[],
  installer: Installer,
): Promise<string | undefined> {
  // Programs of it may have to run under an account other than root.
  await chmod(directory, 0o755)
  const python = path.join(directory, 'bin', 'python')
  let missing: string | undefined
  try {
    await run('python3', ['-m', 'venv', directory])
    await installer(python, requirements)
  } catch (error) {
    missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
  }
  const unfinished = `${outcomeFile(directory)}.unfinished`
  await writeFile(unfinished, JSON.stringify({ missing }))
  await rename(unfinished, outcomeFile(directory))
  return missing
}

async function outcomeOf(directory: string, requirements: readonly string[]): Promise<string | undefined> {
  const outcome = await waitFor(
    `another test file to install ${requirements.join(', ')}`,
    () => readFile(outcomeFile(directory), 'utf8').catch(() => undefined),
    INSTALL_LIMIT_MS,
  )
  return (JSON.parse(outcome) as { readonly missing?: string }).missing
}
