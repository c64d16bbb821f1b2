/** A virtual environment with pinned packages of PyPI, for clients that are not ours; where it cannot be had, why. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PythonClient {
  readonly python: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  remove(): Promise<void>
}

export async function installPythonClient(...requirements: readonly string[]): Promise<PythonClient> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-python-'))
  // Programs of it may have to run under an account other than root.
  await chmod(directory, 0o755)
  const python = path.join(directory, 'bin', 'python')
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', directory])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements])
    return { python, missing: undefined, remove }
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    console.warn(`${requirements.join(', ')} cannot be had, its tests are skipped: ${missing}`)
    return { python, missing, remove }
  }
}
