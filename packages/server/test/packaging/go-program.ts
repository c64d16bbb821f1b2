/** Programs from the Go module proxy, compiled here; where Go or the proxy is missing, why. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GoProgram {
  readonly program: string
  /** Undefined when it is there. */
  readonly missing: string | undefined
  remove(): Promise<void>
}

/**
 * @param name what the tests call it that are skipped without it
 * @param what a package with its version, `example.org/cmd/name@v1.0.0`, or the source of a program with the modules it requires
 */
export async function compileGoProgram(
  name: string,
  what: string | { readonly source: string; readonly modules: readonly string[] },
): Promise<GoProgram> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-go-'))
  const go = (...goArguments: readonly string[]) =>
    run('go', goArguments, {
      cwd: directory,
      env: { ...process.env, GOBIN: directory, GOFLAGS: '-mod=mod' },
      maxBuffer: 64 * 1024 * 1024,
    })
  let missing: string | undefined
  try {
    if (typeof what === 'string')
      await run('go', ['install', what], { env: { ...process.env, GOBIN: directory } })
    else {
      await writeFile(path.join(directory, 'main.go'), what.source)
      await go('mod', 'init', name)
      await go('get', ...what.modules)
      await go('build', '-o', name, '.')
    }
  } catch (error) {
    missing = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error)
    console.warn(`${name} cannot be compiled, its tests are skipped: ${missing}`)
  }
  return {
    program: path.join(directory, name),
    missing,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
