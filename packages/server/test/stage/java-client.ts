/** pgjdbc, pinned, for programs that Java runs from their source; where it cannot be had, why. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const VERSION = '42.7.8'

export interface JavaClient {
  readonly version: string
  /** `Java 21.0.8`; `Java` where there is none. */
  readonly runtime: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  /** @returns what the program prints */
  run(program: string, ...args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

export async function installPgjdbc(): Promise<JavaClient> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-pgjdbc-'))
  let runtime = 'Java'
  const client = {
    version: VERSION,
    async run(program: string, ...args: readonly string[]) {
      const classPath = path.join(directory, `postgresql-${VERSION}.jar`)
      return (await run('java', ['-cp', classPath, program, ...args])).stdout.trim()
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
  try {
    const said = await run('java', ['--version'])
    runtime = `Java ${/\d+(?:\.\d+)*/.exec(said.stdout)?.[0] ?? ''}`
    await run('mvn', [
      ...['--batch-mode', '--quiet', 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'],
      ...[`-Dartifact=org.postgresql:postgresql:${VERSION}`, `-DoutputDirectory=${directory}`],
    ])
    return { ...client, runtime, missing: undefined }
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    console.warn(`pgjdbc cannot be had, its tests are skipped: ${missing}`)
    return { ...client, runtime, missing }
  }
}
