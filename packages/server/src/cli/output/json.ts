/** JSON as the databricks CLI prints it: two spaces of indentation, a line end; on a terminal in colours. */
import type { Colours } from './colours.ts'
import { printableJson } from './printable.ts'

/** A string (with the colon that makes it a name), a word or a number. */
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

export function renderJson(value: unknown, colours: Colours): string {
  const json = printableJson(JSON.stringify(value, undefined, 2))
  return `${json.replace(TOKENS, (token, text?: string, colon?: string, word?: string) => {
    if (text !== undefined) return colon === undefined ? colours.green(text) : `${colours.blue(text)}${colon}`
    if (word === 'true') return colours.green(word)
    if (word === 'false') return colours.red(word)
    return word === 'null' ? colours.magenta(word) : colours.cyan(token)
  })}\n`
}
