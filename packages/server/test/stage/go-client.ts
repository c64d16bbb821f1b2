/** A program in Go with its modules, compiled in a temporary directory; where Go or the modules cannot be had, why. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GoClient {
  readonly program: string
  /** `go1.26.8`; `Go` where there is none. */
  readonly runtime: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  /** @returns what the program prints */
  run(...words: readonly string[]): Promise<string>
  remove(): Promise<void>
}

/**
 * @param source a directory with go.mod, go.sum and the program
 * @param files of the program that are elsewhere, such as in a document
 */
export async function buildGoClient(
  source: string,
  files: Readonly<Record<string, string>> = {},
): Promise<GoClient> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-go-'))
  const copy = path.join(directory, 'source')
  const program = path.join(directory, 'program')
  await cp(source, copy, { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(copy, file), text)
  const go = async (...words: string[]) => {
    const environment = { ...process.env, GOTOOLCHAIN: 'local' }
    return (await run('go', words, { cwd: copy, env: environment })).stdout.trim()
  }
  const client = {
    program,
    run: async (...words: readonly string[]) => (await run(program, words)).stdout.trim(),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
  let runtime = 'Go'
  try {
    runtime = await go('env', 'GOVERSION')
    await go('mod', 'download')
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    return { ...client, runtime, missing }
  }
  // From here on the modules are there: what does not compile is a mistake of ours, and fails.
  await go('build', '-o', program, '.')
  return { ...client, runtime, missing: undefined }
}
