/**
 * Indents JSON without parsing it to values: `1e400`, numbers with forty digits and duplicate keys stay as they are
 * (JSON.parse would change the first two and drop one of the keys).
 */

export type JsonTokenKind = 'key' | 'string' | 'number' | 'word' | 'mark' | 'space'

export interface JsonToken {
  readonly kind: JsonTokenKind
  readonly text: string
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[{}[\],:]|-?\d[\d.eE+-]*|true|false|null/gy
const INDENT = '  '

/** @returns undefined for a text that is not JSON, or only the beginning of it */
function tokensOfJson(text: string): readonly JsonToken[] | undefined {
  const words: string[] = []
  let [end, depth] = [0, 0]
  for (const [word] of text.matchAll(TOKEN)) {
    end += word.length
    if (word === '{' || word === '[') depth += 1
    if (word === '}' || word === ']') depth -= 1
    if (word.trim() !== '') words.push(word)
  }
  if (end !== text.length || depth !== 0 || words.length === 0) return undefined
  return words.map((word, index) => ({ kind: kindOf(word, words[index + 1]), text: word }))
}

function kindOf(word: string, next: string | undefined): JsonTokenKind {
  if (word.startsWith('"')) return next === ':' ? 'key' : 'string'
  if (/^[-\d]/.test(word)) return 'number'
  return /^[A-Za-z]/.test(word) ? 'word' : 'mark'
}

/** With one line per member, as `jsonb_pretty` does; undefined for a text that is not JSON. */
export function indentJson(text: string): readonly JsonToken[] | undefined {
  const tokens = tokensOfJson(text)
  if (tokens === undefined) return undefined
  const set: JsonToken[] = []
  let depth = 0
  const line = () => set.push({ kind: 'space', text: `\n${INDENT.repeat(depth)}` })
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]?.text ?? ''
    const opensBefore = before === '{' || before === '['
    if (token.text === '}' || token.text === ']') {
      depth -= 1
      if (!opensBefore) line()
    } else if (opensBefore || before === ',') line()
    set.push(token)
    if (token.text === ':') set.push({ kind: 'space', text: ' ' })
    if (token.text === '{' || token.text === '[') depth += 1
  }
  return set
}

/** Without spaces between its tokens. */
export const compactJson = (text: string): string | undefined =>
  tokensOfJson(text)
    ?.map((token) => token.text)
    .join('')
