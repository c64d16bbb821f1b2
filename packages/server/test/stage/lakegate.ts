/**
 * A whole Lakegate as its users start it: the built program in a process of its own, on free ports, with a
 * temporary data directory. What a test starts here it stops here, the instances included.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLakegateHttp, type LakegateHttp } from '@lakegate/client'
import { unsyncedPostgres } from './unsynced-postgres.ts'
import { waitFor } from './wait-for.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

const GATEWAY_RUNTIME = process.env['TEST_GATEWAY_RUNTIME']

export interface ReadyReport {
  readonly http_url: string
  readonly account_id: string
  readonly workspace_id: string
  readonly admin_user: string
  readonly admin_token: string
  readonly ca_file: string
  readonly instance: {
    readonly name: string
    readonly uid: string
    readonly host: string
    readonly port: number
    readonly pooled_host: string
    readonly pooled_port: number
    readonly database: string
  }
}

/** What a test uses of a Lakegate that runs. */
export interface Lakegate {
  readonly ready: ReadyReport
  readonly dataDirectory: string
  /** REST as the administrator. */
  readonly admin: LakegateHttp
}

export interface RunningLakegate extends Lakegate {
  readonly process: ChildProcess
  readonly readyFile: string
  /** Everything that it printed so far, standard output and standard error. */
  readonly output: () => string
  /** As Ctrl-C does; resolves with the exit code when the process is gone. */
  stop(): Promise<number | null>
  /** As `kill -9` does; what it started lives on. */
  kill(): Promise<void>
}

/** A directory that an unprivileged account may pass through, as the data directory of a root-run Lakegate is. */
export async function makeDataDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-test-'))
  await chmod(directory, 0o711)
  return directory
}

export async function removeDataDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

/**
 * Starts `lakegate up`, or another command that leaves the same ready file, and waits until that appears.
 * @throws with everything it printed when it ends before that
 */
export async function startLakegate(options: {
  readonly dataDirectory: string
  /** An undefined value takes away what the stage sets by itself. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly command?: readonly string[]
  /** Another than the one that was built here, such as an installed one. */
  readonly program?: string
}): Promise<RunningLakegate> {
  const readyFile = path.join(options.dataDirectory, 'ready.json')
  // A Lakegate that was killed left its own, which would be taken for the new one's.
  await rm(readyFile, { force: true })
  const { child, output } = spawnLakegate(
    options.command ?? ['up'],
    {
      LAKEGATE_DATA_DIR: options.dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
      LAKEGATE_READY_FILE: readyFile,
      ...options.environment,
    },
    undefined,
    options.program,
  )
  const ready = await waitFor('the ready file', async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`lakegate up ended with ${String(child.exitCode ?? child.signalCode)}:\n${output()}`)
    }
    return readReport(readyFile)
  })
  return {
    ready,
    process: child,
    dataDirectory: options.dataDirectory,
    readyFile,
    admin: createLakegateHttp(ready.http_url, () => ready.admin_token),
    output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGINT')
        await exited
      }
      return child.exitCode
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Starts the program with these arguments and nothing of this process's own Lakegate settings. */
export function spawnLakegate(
  programArguments: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  input?: string,
  program: string = PROGRAM,
): { readonly child: ChildProcess; readonly output: () => string } {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_'))
  const child = spawn(process.execPath, [program, ...programArguments], {
    env: {
      ...Object.fromEntries(inherited),
      LAKEGATE_POSTGRES_BINARIES: unsyncedPostgres(),
      // The one that is not the default is tried by `npm run test:gateway-on-node`.
      ...(GATEWAY_RUNTIME === undefined ? {} : { LAKEGATE_GATEWAY_RUNTIME: GATEWAY_RUNTIME }),
      ...environment,
    },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(input)
  let printed = ''
  const collect = (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  return { child, output: () => printed }
}

async function readReport(file: string): Promise<ReadyReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ReadyReport
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
