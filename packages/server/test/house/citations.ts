/**
 * Finds what a text cites of the lists below docs: sections of the design and of the wire contract, behaviours, attacks. However
 * it is spelled: `behaviour 20`, `Behaviours 20, 33 and 36`, `attacks 1–5`, `DESIGN §6.5, §8`, `DESIGN 5`, also across the lines of
 * a comment.
 */

export type List = 'design' | 'wire-contract' | 'behaviours' | 'attacks'

export interface Citation {
  readonly list: List
  /** `20`, or `6.5` for a part of a section. */
  readonly number: string
  /** The line on which the citation begins. */
  readonly line: number
}

/** White space, and what begins the next line of a comment. */
const GAP = String.raw`(?:\s|(?<=\n[ \t]*)(?:\*(?!\/)|\/\/|--|#|>))*`
const NUMBER = String.raw`\d+(?:\.\d+)*(?![\w%])`
/** `20`, `§6.5`, `13–50`. */
const ONE = String.raw`(?:§|#|no\.)?${GAP}${NUMBER}(?:${GAP}[–-]${GAP}§?${NUMBER})?`
const CITATION = new RegExp(
  String.raw`\b(?<!console-)(design|wire-contract|behaviou?rs?|attacks?)(?:\.md)?\)?${GAP}` +
    String.raw`(${ONE}(?:${GAP}(?:,|and\b|or\b|&|\/)(?:${GAP}(?:and|or)\b)?${GAP}${ONE})*)`,
  'gi',
)
const RANGE = new RegExp(String.raw`(\d+(?:\.\d+)*)(?:\s*[–-]\s*§?(\d+))?`, 'g')

export function citationsIn(text: string): readonly Citation[] {
  return [...text.matchAll(CITATION)].flatMap(({ 0: cited, 1: word = '', 2: numbers = '', index }) => {
    // The verb is no citation: «to design 2 pages».
    if (word.toLowerCase() === 'design' && word !== 'DESIGN' && !cited.includes('§')) return []
    const line = text.slice(0, index).split('\n').length
    return numbersOf(numbers).map((number) => ({ list: listOf(word), number, line }))
  })
}

function listOf(word: string): List {
  const first = word.charAt(0).toLowerCase()
  if (first === 'd') return 'design'
  if (first === 'w') return 'wire-contract'
  return first === 'b' ? 'behaviours' : 'attacks'
}

/** A range names all that it spans. */
function numbersOf(text: string): readonly string[] {
  return [...text.matchAll(RANGE)].flatMap(([, from = '', to]) =>
    to === undefined
      ? [from]
      : Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => String(Number(from) + index)),
  )
}

/** A test proves what its name begins with, and what it cites: `attacks/33-pages.test.ts` is about attack 33. */
export function citationOfFileName(file: string): Citation | undefined {
  const [, list, number] = /(?:^|\/)test\/(behaviours|attacks)\/0*(\d+)-/.exec(file) ?? []
  return list === undefined || number === undefined ? undefined : { list: list as List, number, line: 0 }
}

/** `## 6. Logging in`, `### 6.5 The policy decides`. */
export function sectionsOf(document: string): readonly string[] {
  return [...document.matchAll(/^#{2,3} (\d+(?:\.\d+)*)\.? /gm)].map(([, number = '']) => number)
}

export interface Entry {
  readonly number: string
  /** Below packages/server/test, without `.test.ts`. */
  readonly tests: readonly string[]
  /** Why there is no test; in one of two forms. */
  readonly reason: string | undefined
}

/** Rows of a table: the number first, the tests last, or `Not offered: …`, `Not tested: …`. */
export function entriesOf(list: string): readonly Entry[] {
  return [...list.matchAll(/^\| *(\d+) *\|.*\|([^|]+)\|$/gm)].map(([, number = '', last = '']) => ({
    number,
    tests: testsNamedIn(last),
    reason: /^ *(Not (?:offered|tested): \S.*\S) *$/.exec(last)?.[1],
  }))
}

/** `` `policy/login` `` in any text of a list. */
export function testsNamedIn(text: string): readonly string[] {
  return [...text.matchAll(/`([a-z-]+(?:\/[\w-]+)+)`/g)].map(([, test = '']) => test)
}
