/** The program as a person at a shell runs it: a home directory of its own, and nothing else that says who the person is. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<Ran>
}

export interface Home {
  readonly directory: string
  /** The variables with which a program of this person runs. */
  readonly environment: Readonly<Record<string, string>>
  start(words: readonly string[], more?: RunOptions): RunningCommand
  run(words: readonly string[], more?: RunOptions): Promise<Ran>
  /** Runs it, and reads what it printed as JSON. @throws when its status is not 0 */
  json<Answer>(words: readonly string[], more?: RunOptions): Promise<Answer>
  read(file: string): Promise<string>
  remove(): Promise<void>
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
}

/** @param given variables that all its commands have */
export async function makeHome(given: Readonly<Record<string, string>> = {}): Promise<Home> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-home-'))
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:LAKEGATE|DATABRICKS|PG|NO_COLOR|FORCE_COLOR|BROWSER|DISPLAY|SSH)/.test(name),
  )
  const environment = {
    ...Object.fromEntries(inherited.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    HOME: directory,
    // Where no Lakegate of this machine lets its owner in.
    LAKEGATE_DATA_DIR: path.join(directory, 'no-lakegate-here'),
    ...given,
  }

  function start(
    words: readonly string[],
    { environment: more = {}, input }: RunOptions = {},
  ): RunningCommand {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { ...environment, ...more },
      cwd: directory,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    child.stdin?.end(input)
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
    const closed = once(child, 'close') as Promise<[number | null]>
    return {
      child,
      stderr: () => stderr,
      ended: closed.then(([status]) => ({ status, stdout, stderr })),
    }
  }
  const run = (words: readonly string[], more?: RunOptions) => start(words, more).ended
  return {
    directory,
    environment,
    start,
    run,
    async json<Answer>(words: readonly string[], more?: RunOptions) {
      const { status, stdout, stderr } = await run(words, more)
      if (status !== 0) throw new Error(`lakegate ${words.join(' ')} ended with ${String(status)}: ${stderr}`)
      return JSON.parse(stdout) as Answer
    },
    read: (file) => readFile(path.join(directory, file), 'utf8'),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
