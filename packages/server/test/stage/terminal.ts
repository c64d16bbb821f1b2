/** A Lakegate at a terminal: a pseudo-terminal, which Python opens and Node cannot. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { unsyncedPostgres } from './unsynced-postgres.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export const hasTerminals = (): boolean =>
  spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0

export interface AtTerminal {
  /** What appeared on it so far. */
  readonly output: () => string
  type(text: string): void
  /** Resolves with its exit status. */
  readonly ended: Promise<number | null>
  /** Ctrl-C; resolves with the exit status of Lakegate when it has ended. */
  stop(): Promise<number | null>
}

/** Starts `lakegate up` with these settings, or another command, at a terminal of its own. */
export function startAtTerminal(
  environment: Readonly<Record<string, string>>,
  words: readonly string[] = ['up'],
): AtTerminal {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_'))
  const script = 'import pty, os, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'
  const child = spawn('python3', ['-c', script, process.execPath, PROGRAM, ...words], {
    env: {
      ...Object.fromEntries(inherited),
      LAKEGATE_POSTGRES_BINARIES: unsyncedPostgres(),
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  return {
    output: () => printed,
    type: (text) => void child.stdin.write(text),
    ended: ended.then(([code]) => code),
    async stop() {
      child.stdin.write('\u0003')
      const [code] = await ended
      return code
    },
  }
}
