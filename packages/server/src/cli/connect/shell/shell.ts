/**
 * The built-in shell without its keyboard: runs statements and commands, prints what comes back, and keeps what `\x`,
 * `\timing`, `\pset` have set. Statements come from a terminal (interactive-shell.ts) or from a script (run-script.ts).
 */
import { performance } from 'node:perf_hooks'
import type { Notification } from 'pg'
import type { InstanceConnection } from '@lakegate/client'
import { withoutControls } from './display-width.ts'
import { renderFailure, renderMessage } from './render-message.ts'
import type { ResultFormat } from './result-format.ts'
import { ResultPrinter, type TextOutput } from './result-printer.ts'
import { ShellSession, type Notice } from './shell-session.ts'
import type { StatementReceiver } from './statement-run.ts'

export interface ShellOutput {
  /** For one result: on a terminal a pager takes what is longer than the screen. */
  open(): TextOutput & { close(): Promise<void> }
  /** Bytes of a COPY TO STDOUT, as they are. */
  writeRaw(data: Buffer): Promise<void> | undefined
  /** Errors, notices and everything else that is no result. */
  tell(text: string): void
}

/** How another database, or another role, is reached: for `\c`. */
export type Reconnect = (database: string, role: string) => Promise<InstanceConnection>

export type Outcome = 'succeeded' | 'failed' | 'disconnected' | 'quit'

export class Shell {
  readonly output: ShellOutput
  format: ResultFormat
  hasTiming = false
  #session: ShellSession
  #notifications: Notification[] = []
  #isRunning = false
  #isAbandoned = false
  /** How many files `\i` has opened within one another. */
  depth = 0
  readonly #reconnect: Reconnect

  private constructor(
    session: ShellSession,
    output: ShellOutput,
    format: ResultFormat,
    reconnect: Reconnect,
  ) {
    this.#session = session
    this.output = output
    this.format = format
    this.#reconnect = reconnect
  }

  static async open(
    target: InstanceConnection,
    output: ShellOutput,
    format: ResultFormat,
    reconnect: Reconnect,
  ): Promise<Shell> {
    const unasked = unaskedTo(output)
    const session = await ShellSession.open(target, unasked)
    const shell = new Shell(session, output, format, reconnect)
    unasked.shell = shell
    return shell
  }

  get session(): ShellSession {
    return this.#session
  }

  /** Whether Ctrl-C has something to cancel. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /**
   * @param database undefined: the present one; so with the role
   * @throws Fault, DatabaseError; the former session then goes on
   */
  async connectAgain(database: string | undefined, role: string | undefined): Promise<void> {
    const { target: present } = this.#session
    const target = await this.#reconnect(database ?? present.database, role ?? present.user)
    const unasked = unaskedTo(this.output)
    unasked.shell = this
    const next = await ShellSession.open(target, unasked)
    const former = this.#session
    this.#session = next
    await former.close()
  }

  keep(notification: Notification): void {
    this.#notifications.push(notification)
  }

  /** @param copyData what COPY FROM STDIN reads */
  async statement(text: string, copyData: () => AsyncIterable<Buffer>, isExpanded = false): Promise<Outcome> {
    const format: ResultFormat = isExpanded ? { ...this.format, expanded: 'on' } : this.format
    const outcome = await this.#run(text, copyData, format)
    for (const { channel, payload = '', processId } of this.#notifications.splice(0)) {
      const said = payload === '' ? '' : ` with payload "${payload}"`
      this.output.tell(
        withoutControls(
          `Asynchronous notification "${channel}"${said} received from server process with PID ${String(processId)}.\n`,
        ),
      )
    }
    return outcome
  }

  /** A query of the shell's own, e.g. of `\dt`. @throws DatabaseError */
  async show(
    columns: readonly string[],
    rows: readonly (readonly (string | null)[])[],
    title?: string,
  ): Promise<void> {
    const opened = this.output.open()
    try {
      if (title !== undefined && this.format.layout === 'aligned' && !this.format.tuplesOnly)
        await opened.write(`${title}\n`)
      const TEXT = 25
      const printer = new ResultPrinter(
        columns.map((name) => ({ name, type: TEXT })),
        this.format,
        opened,
      )
      for (const row of rows) await printer.row(row)
      await printer.end()
    } finally {
      await opened.close()
    }
  }

  /** Cancels what runs; what is said then comes from PostgreSQL. */
  async cancel(): Promise<void> {
    try {
      this.output.tell('Cancel request sent\n')
      await this.#session.cancel()
    } catch (error) {
      this.output.tell(renderFailure(error))
    }
  }

  /** Nobody reads any more, so nothing is told any more. */
  abandon(): void {
    this.#isAbandoned = true
    this.#session.abandon()
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  async #run(text: string, copyData: () => AsyncIterable<Buffer>, format: ResultFormat): Promise<Outcome> {
    const receiver = new PrintingReceiver(this.output, format, copyData)
    const start = performance.now()
    this.#isRunning = true
    let failure: unknown
    try {
      await this.#session.run(text, receiver)
    } catch (error) {
      failure = error
    }
    this.#isRunning = false
    const milliseconds = performance.now() - start
    await receiver.close()
    if (failure !== undefined && !this.#isAbandoned) this.output.tell(renderFailure(failure, text))
    if (this.hasTiming) this.output.tell(`Time: ${milliseconds.toFixed(3)} ms\n`)
    if (failure === undefined) return 'succeeded'
    return this.session.lost === undefined ? 'failed' : 'disconnected'
  }
}

/** Notices are printed at once, notifications behind the statement. */
function unaskedTo(output: ShellOutput) {
  const unasked = {
    shell: undefined as Shell | undefined,
    notice: (notice: Notice) => {
      output.tell(renderMessage(notice))
    },
    notification: (notification: Notification) => unasked.shell?.keep(notification),
  }
  return unasked
}

/** For these tags the table was everything there is to see (`PrintQueryResult` in psql's common.c). */
const SAID_BY_TABLE = /^(?:SELECT|FETCH|SHOW|EXPLAIN|VALUES|TABLE)\b/

class PrintingReceiver implements StatementReceiver {
  readonly #output: ShellOutput
  readonly #format: ResultFormat
  readonly copyIn: () => AsyncIterable<Buffer>
  #opened: ReturnType<ShellOutput['open']> | undefined
  #printer: ResultPrinter | undefined

  constructor(output: ShellOutput, format: ResultFormat, copyIn: () => AsyncIterable<Buffer>) {
    this.#output = output
    this.#format = format
    this.copyIn = copyIn
  }

  columns(columns: Parameters<StatementReceiver['columns']>[0]): void {
    this.#opened ??= this.#output.open()
    this.#printer = new ResultPrinter(columns, this.#format, this.#opened)
  }

  row(values: Parameters<StatementReceiver['row']>[0]): Promise<void> | undefined {
    return this.#printer?.row(values)
  }

  copyOut(data: Buffer): Promise<void> | undefined {
    return this.#output.writeRaw(data)
  }

  async completed(tag: string): Promise<void> {
    const printer = this.#printer
    this.#printer = undefined
    await printer?.end()
    if (tag === '' || this.#format.quiet || (printer !== undefined && SAID_BY_TABLE.test(tag))) return
    this.#opened ??= this.#output.open()
    await this.#opened.write(`${tag}\n`)
  }

  async close(): Promise<void> {
    await this.#opened?.close()
  }
}
