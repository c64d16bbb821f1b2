/** `lakegate psql` and its kin, as somebody runs them who is signed in nowhere, on the machine of the shared Lakegate. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lakegate } from './lakegate.ts'

export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartedCommand {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

export interface Somebody {
  /** Their home, which is empty. */
  readonly home: string
  readonly environment: Readonly<Record<string, string>>
  start(words: readonly string[], more?: CommandOptions): StartedCommand
  run(words: readonly string[], more?: CommandOptions): Promise<Ended>
  remove(): Promise<void>
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** On standard input, which then ends; left out: there is none. */
  readonly input?: string
}

export async function createSomebody({ dataDirectory }: Pick<Lakegate, 'dataDirectory'>): Promise<Somebody> {
  const home = await mkdtemp(path.join(tmpdir(), 'lakegate-home-'))
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LAKEGATE_DATA_DIR: dataDirectory,
  }
  const start = (words: readonly string[], { environment: more = {}, input }: CommandOptions = {}) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd: home,
      env: { ...environment, ...more },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    // A command that reads nothing closes the pipe.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
    const ended = (once(child, 'close') as Promise<[number | null]>).then(([status]) => ({
      status,
      stdout,
      stderr,
    }))
    return { child, stdout: () => stdout, stderr: () => stderr, ended }
  }
  return {
    home,
    environment,
    start,
    run: (words, more) => start(words, more).ended,
    remove: () => rm(home, { recursive: true, force: true }),
  }
}
