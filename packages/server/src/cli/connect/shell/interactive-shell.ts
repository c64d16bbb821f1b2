/**
 * The built-in shell at a terminal: a prompt, lines with their history, Ctrl-C that cancels. Lines that are typed or pasted
 * while a statement runs wait for their turn.
 */
import { createInterface, type Interface } from 'node:readline'
import { firstStatement, openPartOf, type FirstStatement } from '@lakegate/sql-text'
import type { History } from './history.ts'
import { renderFailure } from './render-message.ts'
import { COPY_PROMPT, promptFor } from './prompt.ts'
import { runCommand } from './shell-commands.ts'
import type { Outcome, Shell } from './shell.ts'

const END_OF_COPY = '\\.'
/** What is typed without a backslash by people who want to leave; only as the first word, as in psql. */
const LEAVES = /^\s*(?:quit|exit)\s*;?\s*$/i
const HELPS = /^\s*help\s*;?\s*$/i

export class InteractiveShell {
  readonly #shell: Shell
  readonly #history: History
  readonly #lines: Interface
  #queue: string[] = []
  #wake: (() => void) | undefined
  #isClosed = false
  /** What was typed and is no complete statement yet. */
  #text = ''
  /** The lines of it, as readline keeps them. */
  #typed: string[] = []

  constructor(shell: Shell, history: History, input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#shell = shell
    this.#history = history
    this.#lines = createInterface({
      input,
      output,
      terminal: true,
      history: history.newestFirst,
      historySize: 2_000,
      removeHistoryDuplicates: false,
    })
    this.#lines.on('line', (line) => {
      this.#queue.push(line)
      this.#wake?.()
    })
    this.#lines.on('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
    this.#lines.on('SIGINT', () => {
      this.#interrupt()
    })
  }

  /** The terminal belongs to another program until `takeBack`. */
  lend(): void {
    this.#lines.pause()
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
  }

  takeBack(): void {
    if (this.#isClosed) return
    if (process.stdin.isTTY) process.stdin.setRawMode(true)
    this.#lines.resume()
  }

  /** Resolves when the person leaves, or the connection is lost. */
  async run(): Promise<'quit' | 'disconnected'> {
    try {
      for (;;) {
        const line = await this.#line(this.#prompt())
        if (line === undefined) return 'quit'
        const outcome = await this.#take(line)
        if (outcome === 'quit') return outcome
        if (outcome === 'disconnected' && !(await this.#connectAgain())) return outcome
      }
    } finally {
      this.#lines.close()
      await this.#history.save()
    }
  }

  /** As psql does; here with a fresh token. */
  async #connectAgain(): Promise<boolean> {
    this.#forget()
    try {
      await this.#shell.connectAgain(undefined, undefined)
      this.#shell.output.tell(
        'The session was lost. This is a new one; settings and transactions are gone.\n',
      )
      return true
    } catch (error) {
      this.#shell.output.tell(`The session was lost, and no new one can be opened: ${renderFailure(error)}`)
      return false
    }
  }

  #prompt(): string {
    const { session } = this.#shell
    return promptFor(session.database, openPartOf(this.#text, session.splitOptions), session.transaction)
  }

  async #take(line: string): Promise<Outcome> {
    if (this.#text === '') {
      if (LEAVES.test(line)) return 'quit'
      if (HELPS.test(line)) line = '\\?'
    }
    if (/^\\r\s*$/.test(line.trimStart())) {
      this.#forget()
      return 'succeeded'
    }
    this.#text += `${line}\n`
    this.#typed.push(line)
    let outcome: Outcome = 'succeeded'
    for (;;) {
      const found = firstStatement(this.#text, this.#shell.session.splitOptions)
      if (found.statement === undefined || !found.isComplete) break
      this.#text = this.#text.slice(found.end)
      outcome = await this.#run(found)
      if (outcome === 'quit' || outcome === 'disconnected') break
    }
    if (openPartOf(this.#text, this.#shell.session.splitOptions) === 'nothing') {
      this.#remember(this.#typed.join('\n'))
      this.#forget()
    }
    return outcome
  }

  #run({ statement, isExpanded }: FirstStatement): Promise<Outcome> {
    if (statement === undefined) return Promise.resolve('succeeded')
    return statement.kind === 'psql'
      ? runCommand(this.#shell, statement)
      : this.#shell.statement(statement.text, () => this.#copyData(), isExpanded)
  }

  /** What holds a secret is forgotten at once, also by the arrow keys. */
  #remember(typed: string): void {
    if (this.#history.add(typed)) return
    const secret = new Set(typed.split('\n'))
    const { history } = this.#lines as Interface & { history: string[] }
    const kept = history.filter((line) => !secret.has(line))
    history.splice(0, history.length, ...kept)
  }

  #forget(): void {
    this.#text = ''
    this.#typed = []
  }

  async *#copyData(): AsyncGenerator<Buffer> {
    this.#shell.output.tell(
      `Enter data to be copied followed by a newline.\nEnd with a backslash and a period on a line by itself, or an EOF signal.\n`,
    )
    for (;;) {
      const line = await this.#line(COPY_PROMPT)
      if (line === undefined || line === END_OF_COPY) return
      yield Buffer.from(`${line}\n`)
    }
  }

  /** @returns undefined at the end of the input */
  async #line(prompt: string): Promise<string | undefined> {
    if (this.#queue.length === 0 && !this.#isClosed) {
      this.#lines.setPrompt(prompt)
      this.#lines.prompt()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    return this.#queue.shift()
  }

  #interrupt(): void {
    if (this.#shell.isRunning) {
      this.#queue = []
      void this.#shell.cancel()
      return
    }
    // As in a shell: the line stays to be seen and is given up, and a new prompt is there.
    this.#forget()
    const editor = this.#lines as { line: string; cursor: number }
    editor.line = ''
    editor.cursor = 0
    this.#shell.output.tell('^C\n')
    this.#lines.setPrompt(this.#prompt())
    this.#lines.prompt()
  }
}
