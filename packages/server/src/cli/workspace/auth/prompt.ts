/** Questions to a person at a terminal. They go to standard error, so that standard output has nothing but the answer. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Interrupted } from '../../interrupted.ts'

/** Whether somebody is there who can answer. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/** @throws Interrupted at Ctrl-C */
export async function ask(question: string, byDefault = ''): Promise<string> {
  const answer = await read(`${question}${byDefault === '' ? '' : ` [${byDefault}]`}: `, process.stderr)
  return answer.trim() === '' ? byDefault : answer.trim()
}

/** What is typed does not appear on the terminal. @throws Interrupted at Ctrl-C */
export async function askForSecret(question: string): Promise<string> {
  process.stderr.write(`${question}: `)
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done()
    },
  })
  try {
    return (await read('', nowhere)).trim()
  } finally {
    process.stderr.write('\n')
  }
}

export async function confirm(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test(await ask(`${question} [y/n]`))
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  const stop = new AbortController()
  lines.once('SIGINT', () => {
    stop.abort()
  })
  // Ctrl-D.
  lines.once('close', () => {
    stop.abort()
  })
  try {
    return await lines.question(question, { signal: stop.signal })
  } catch (error) {
    if (stop.signal.aborted) throw new Interrupted('SIGINT')
    throw error
  } finally {
    lines.close()
  }
}
