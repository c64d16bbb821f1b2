/**
 * The built-in shell of `lakegate psql`: at a terminal with a prompt, otherwise the statements of `-c`, `-f` or standard
 * input. Exit statuses are psql's: 0, 1 for a failed `-c` or an error of its own, 2 when the connection is bad, 3 for a
 * script that stopped at an error.
 */
import { createReadStream } from 'node:fs'
import { Fault } from '../../../domain/fault.ts'
import type { InstanceConnection } from '@lakegate/client'
import { explain } from '../../explain.ts'
import { History, historyFile } from './history.ts'
import { InteractiveShell } from './interactive-shell.ts'
import { renderFailure } from './render-message.ts'
import { runScript } from './run-script.ts'
import { ScriptInput, wholeText } from './script-input.ts'
import { runCommand } from './shell-commands.ts'
import type { ShellOptions } from './shell-options.ts'
import { Shell, type Reconnect } from './shell.ts'
import { createOutput, pagerOf } from './terminal-output.ts'

const STATUS = { succeeded: 0, failed: 1, disconnected: 2, stoppedAtError: 3 } as const

/** @returns the exit status. @throws Fault when the connection cannot be made */
export async function runBuiltInShell(
  target: InstanceConnection,
  options: ShellOptions,
  reconnect: Reconnect,
): Promise<number> {
  const isInteractive = options.actions.length === 0 && process.stdin.isTTY && process.stdout.isTTY
  let interactive: InteractiveShell | undefined
  const output = createOutput(
    process.stdout,
    process.stderr,
    isInteractive
      ? {
          command: pagerOf(process.env),
          lend: () => interactive?.lend(),
          takeBack: () => interactive?.takeBack(),
        }
      : undefined,
  )
  const { format } = options
  let shell: Shell
  try {
    shell = await Shell.open(target, output, format, reconnect)
  } catch (error) {
    output.tell(
      `lakegate psql: ${error instanceof Fault ? explain(error).trimStart() : renderFailure(error)}`,
    )
    return STATUS.disconnected
  }
  try {
    if (!isInteractive) return await runWithoutTerminal(shell, options)
    const history = await History.open(historyFile())
    interactive = new InteractiveShell(shell, history, process.stdin, process.stdout)
    if (!format.quiet) output.tell(welcome(shell))
    return (await interactive.run()) === 'quit' ? STATUS.succeeded : STATUS.disconnected
  } finally {
    await shell.close()
  }
}

const welcome = ({ session }: Shell): string =>
  `PostgreSQL ${session.setting('server_version') ?? ''} as ${session.target.user}. Built-in shell: \\? for help, \\q to quit.\n\n`

async function runWithoutTerminal(shell: Shell, options: ShellOptions): Promise<number> {
  const release = cancelAtInterrupt(shell)
  const reader = { isGone: false }
  // As with `| head`: whoever read the output has gone, and the rest is for nobody.
  const onGone = () => {
    reader.isGone = true
    shell.abandon()
  }
  process.stdout.on('error', onGone)
  try {
    const actions = options.actions.length > 0 ? options.actions : [{ kind: 'file', name: '-' } as const]
    for (const action of actions) {
      const status =
        action.kind === 'command'
          ? await runOne(shell, action.text)
          : await runFile(shell, action.name, options.stopsAtError)
      if (reader.isGone) return STATUS.succeeded
      if (status !== STATUS.succeeded) return status
    }
    return STATUS.succeeded
  } finally {
    process.stdout.off('error', onGone)
    release()
  }
}

/** The statements of one `-c`; as in psql, COPY FROM STDIN then reads standard input. */
async function runOne(shell: Shell, sql: string): Promise<number> {
  const input = new ScriptInput(wholeText(sql))
  const end = await runScript(shell, input, {
    name: undefined,
    stopsAtError: true,
    command: runCommand,
    copyData: () => process.stdin,
  })
  if (end.outcome === 'disconnected') return STATUS.disconnected
  return end.hasFailed ? STATUS.failed : STATUS.succeeded
}

async function runFile(shell: Shell, name: string, stopsAtError: boolean): Promise<number> {
  const pieces = name === '-' ? process.stdin.setEncoding('utf8') : createReadStream(name, 'utf8')
  const input = new ScriptInput(pieces as AsyncIterable<string>)
  const end = await runScript(shell, input, {
    name: name === '-' ? undefined : name,
    stopsAtError,
    command: runCommand,
  })
  if (end.outcome === 'disconnected') return STATUS.disconnected
  return end.hasFailed && stopsAtError ? STATUS.stoppedAtError : STATUS.succeeded
}

/** The first Ctrl-C cancels the statement; the second one ends the shell. */
function cancelAtInterrupt(shell: Shell): () => void {
  const onInterrupt = () => {
    process.off('SIGINT', onInterrupt)
    if (shell.isRunning) void shell.cancel()
    else process.kill(process.pid, 'SIGINT')
  }
  process.on('SIGINT', onInterrupt)
  return () => process.off('SIGINT', onInterrupt)
}
