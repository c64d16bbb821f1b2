/** A shell for the commands of documents, with the program `lakegate` in its path, and stand-ins for what a test cannot do. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { REPOSITORY } from '../house/sources.ts'
import { unsyncedPostgres } from './unsynced-postgres.ts'

export interface DocumentShell {
  /**
   * Runs commands in the working directory; unset variables and failures end them.
   * @param programs a directory of programs that go before all others
   * @throws with everything that was printed when they fail
   */
  run(
    script: string,
    environment?: Readonly<Record<string, string>>,
    programs?: string,
  ): Promise<{ readonly stdout: string; readonly stderr: string }>
  /** From now on a program of this name is this script. */
  standIn(program: string, script: string): Promise<void>
}

export async function useShell(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<DocumentShell> {
  const bin = path.join(directory, 'bin')
  await mkdir(bin, { recursive: true })
  const standIn = async (program: string, script: string) => {
    await writeFile(path.join(bin, program), `#!/bin/bash\n${script}\n`)
    await chmod(path.join(bin, program), 0o755)
  }
  const main = path.join(REPOSITORY, 'packages/server/dist/main.js')
  await standIn('lakegate', `exec '${process.execPath}' '${main}' "$@"`)
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:LAKEGATE_|PG|DATABRICKS_)/.test(name),
  )
  const binaries = unsyncedPostgres()
  return {
    standIn,
    async run(script, more = {}, programs) {
      const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        cwd: directory,
        env: {
          ...Object.fromEntries(inherited),
          ...(binaries === undefined ? {} : { LAKEGATE_POSTGRES_BINARIES: binaries }),
          ...environment,
          ...more,
          PATH: [bin, programs, process.env['PATH']].filter(Boolean).join(':'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
      const [status] = (await once(child, 'close')) as [number | null]
      if (status === 0) return { stdout, stderr }
      throw new Error(`the commands ended with ${String(status)}:\n${stdout}${stderr}`)
    },
  }
}

export function hasProgram(program: string): boolean {
  try {
    execFileSync('bash', ['-c', 'command -v "$0"', program], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(`${program} is not installed: the tests that need it are skipped`)
    return false
  }
}
