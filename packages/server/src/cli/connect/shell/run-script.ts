/** Runs the statements of a script one after the other, as psql does with `-f`, a pipe or `\i`. */
import type { PsqlCommand } from '@lakegate/sql-text'
import type { ScriptInput } from './script-input.ts'
import type { Outcome, Shell } from './shell.ts'

export interface ScriptOptions {
  /** Shown before errors: the name of the file. */
  readonly name: string | undefined
  /** ON_ERROR_STOP of psql: nothing is run behind a statement that failed. */
  readonly stopsAtError: boolean
  readonly command: (shell: Shell, command: PsqlCommand) => Promise<Outcome>
  /** What COPY FROM STDIN reads; the script itself unless given. */
  readonly copyData?: () => AsyncIterable<Buffer>
}

export interface ScriptEnd {
  /** `quit` when the script said so; otherwise that of the last statement, or of the one at which it stopped. */
  readonly outcome: Outcome
  readonly hasFailed: boolean
}

export async function runScript(
  shell: Shell,
  input: ScriptInput,
  { name, stopsAtError, command, copyData = () => input.copyData() }: ScriptOptions,
): Promise<ScriptEnd> {
  let outcome: Outcome = 'succeeded'
  let hasFailed = false
  for (;;) {
    const found = await input.next(() => shell.session.splitOptions)
    if (found === undefined) return { outcome: hasFailed && stopsAtError ? 'failed' : outcome, hasFailed }
    const { statement, line, isExpanded } = found
    outcome =
      statement.kind === 'psql'
        ? await command(shell, statement)
        : await shell.statement(statement.text, copyData, isExpanded)
    if (outcome === 'quit' || outcome === 'disconnected') return { outcome, hasFailed }
    if (outcome !== 'failed') continue
    hasFailed = true
    if (name !== undefined) shell.output.tell(`(${name}, line ${String(line)})\n`)
    if (stopsAtError) return { outcome, hasFailed }
  }
}
