/**
 * `lakegate psql`: psql with everything that a login needs, in its environment, where other accounts cannot read the token;
 * or the built-in shell where psql is not installed.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { constants as system } from 'node:os'
import path from 'node:path'
import type { ConnectionOptions, InstanceConnection } from '@lakegate/client'
import { EndedWithStatus } from '../ended-with-status.ts'
import { rootCertificateOf } from './ca-file.ts'
import type { ConnectFlags, FindLocalLogin } from './connect-flags.ts'
import { libpqVariables } from './libpq-variables.ts'
import { signIn } from './sign-in.ts'

export interface PsqlFlags extends ConnectFlags {
  readonly command?: readonly string[]
  readonly file?: readonly string[]
  readonly builtIn?: boolean
}

/** @throws CommandFailure, EndedWithStatus with what psql or the shell ended with */
export async function runPsql(
  instance: string,
  words: readonly string[],
  flags: PsqlFlags,
  findLocalLogin: FindLocalLogin,
): Promise<void> {
  const psql = flags.builtIn === true ? undefined : await findProgram('psql')
  const programArguments = [...actionsOf(flags), ...words]
  if (psql === undefined && flags.builtIn !== true && process.stdin.isTTY)
    process.stderr.write('psql is not installed, so this is the built-in shell of Lakegate.\n')
  const run =
    psql === undefined
      ? await builtInShell(programArguments)
      : async (reach: Reach) => runProgram(psql, programArguments, await reach(undefined, undefined))
  const signedIn = await signIn(flags, findLocalLogin)
  try {
    const status = await run((database, role) =>
      signedIn.connection(instance, connectionOptions(flags, database, role)),
    )
    if (status !== 0) throw new EndedWithStatus(status)
  } finally {
    signedIn.close()
  }
}

type Reach = (database: string | undefined, role: string | undefined) => Promise<InstanceConnection>

/** Arguments that make no sense are refused before anybody signs in. @throws CommandFailure */
async function builtInShell(programArguments: readonly string[]): Promise<(reach: Reach) => Promise<number>> {
  const { parseShellOptions } = await import('./shell/shell-options.ts')
  const options = parseShellOptions(programArguments)
  const { runBuiltInShell } = await import('./shell/built-in-shell.ts')
  return async (reach) => {
    const target = await reach(options.database, options.role)
    return runBuiltInShell(target, options, reach)
  }
}

/** In the form that psql knows. */
const actionsOf = ({ command = [], file = [] }: PsqlFlags): readonly string[] => [
  ...command.map((text) => `--command=${text}`),
  ...file.map((name) => `--file=${name}`),
]

export function connectionOptions(
  { as, pooled, database: wanted }: ConnectFlags,
  database: string | undefined = wanted,
  role: string | undefined = as,
): ConnectionOptions {
  return {
    ...(role === undefined ? {} : { role }),
    ...(database === undefined ? {} : { database }),
    ...(pooled === true ? { pooled } : {}),
  }
}

/** The terminal belongs to psql: it gets Ctrl-C itself, and other signals from here. */
async function runProgram(
  program: string,
  programArguments: readonly string[],
  target: InstanceConnection,
): Promise<number> {
  const { value } = await target.credentials.token()
  const environment = {
    ...process.env,
    ...libpqVariables(target, await rootCertificateOf(target.ca)),
    PGPASSWORD: value,
  }
  let child: ChildProcess | undefined
  const ignore = () => undefined
  const passOn = (signal: NodeJS.Signals) => child?.kill(signal)
  // Before it runs, or a signal at that moment would leave it alone.
  for (const signal of OF_THE_TERMINAL) process.on(signal, ignore)
  for (const signal of FOR_ITSELF) process.on(signal, passOn)
  try {
    child = spawn(program, [...programArguments], { stdio: 'inherit', env: environment })
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return status ?? 128 + system.signals[signal ?? 'SIGTERM']
  } finally {
    for (const other of OF_THE_TERMINAL) process.off(other, ignore)
    for (const other of FOR_ITSELF) process.off(other, passOn)
  }
}

/** The kernel sends these to all programs of the terminal. */
const OF_THE_TERMINAL = ['SIGINT', 'SIGQUIT'] as const
const FOR_ITSELF = ['SIGTERM', 'SIGHUP'] as const

async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (directory === '') continue
    const file = path.join(directory, name)
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}
