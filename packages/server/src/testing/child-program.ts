/** Runs `lakegate up --temporary` in a process of its own, which ends with this one, however this one ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../domain/package-files.ts'

/** The ready file, as far as it is used here (composition/ready-file.ts). */
export interface ReadyReport {
  readonly http_url: string
  readonly account_id: string
  readonly workspace_id: string
  readonly admin_user: string
  readonly admin_token: string
  readonly ca_file: string
  readonly instance: { readonly name: string } | null
}

export interface ChildProgram {
  readonly ready: ReadyReport
  /** Resolves when the program and everything it started are gone, and its data is removed. */
  stop(): Promise<void>
}

/** Enough for the error of a start, and not for the log of a long run. */
const MOST_KEPT_OUTPUT = 64 * 1024

/**
 * @param settings as the environment variables without `LAKEGATE_`, or as the flags without dashes, such as `log-level`
 * @throws Error with what the program printed, when it does not start
 */
export async function runLakegate(settings: Readonly<Record<string, string>>): Promise<ChildProgram> {
  const child = spawn(process.execPath, [fileURLToPath(packageFile('dist/main.js')), 'up', '--temporary'], {
    env: { ...inheritedEnvironment(), ...asVariables(settings) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => {
    printed = `${printed}${chunk.toString('utf8')}`.slice(-MOST_KEPT_OUTPUT)
  })
  const line = await Promise.race([firstLine(child.stdout), ended(child).then(() => undefined)])
  if (line === undefined)
    throw new Error(`Lakegate did not start: it ended with ${outcomeOf(child)}.\n${printed}`)
  const { ready_file: readyFile } = JSON.parse(line) as { readonly ready_file: string }
  const ready = JSON.parse(await readFile(readyFile, 'utf8')) as ReadyReport
  forgetWhenWaiting(child)
  return {
    ready,
    async stop() {
      child.ref()
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = ended(child)
      child.stdin.end()
      await gone
      const outcome = outcomeOf(child)
      if (outcome !== '0') throw new Error(`Lakegate ended with ${outcome}, not in order.\n${printed}`)
    },
  }
}

const outcomeOf = ({ exitCode, signalCode }: ChildProcess): string => String(exitCode ?? signalCode)

/** Settings of another Lakegate in this environment are not meant for this one. */
const inheritedEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_')))

const asVariables = (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      `LAKEGATE_${name.replaceAll('-', '_').toUpperCase()}`,
      value,
    ]),
  )

/** @returns undefined when the stream ends before a whole line came */
async function firstLine(stream: Readable): Promise<string | undefined> {
  let text = ''
  for await (const chunk of stream) {
    text += (chunk as Buffer).toString('utf8')
    const [line, ...rest] = text.split('\n')
    if (rest.length > 0) return line
  }
  return undefined
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
}

/** A test that forgets `stop()` ends all the same; its end closes the pipe, at which the program stops. */
function forgetWhenWaiting(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    // The pipes of a child process are sockets, whatever their types say.
    if (stream instanceof Socket) stream.unref()
  }
}
