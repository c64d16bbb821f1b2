/**
 * Colours, only where a person sees them: on a terminal that knows them, unless NO_COLOR (no-color.org) or TERM=dumb say
 * otherwise. FORCE_COLOR wants them anywhere, and goes before NO_COLOR as it does in Node; the flag goes before both.
 */

export type Paint = (text: string) => string

export interface Colours {
  readonly bold: Paint
  readonly faint: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly blue: Paint
  readonly magenta: Paint
  readonly cyan: Paint
}

export interface ColourChoice {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
  /** False after `--no-color`. */
  readonly wanted?: boolean | undefined
}

export function areColoursWanted({ environment, isTerminal, wanted }: ColourChoice): boolean {
  if (wanted === false) return false
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return !['0', 'false'].includes(forced)
  const refused = environment['NO_COLOR']
  if (refused !== undefined && refused !== '') return false
  return isTerminal && environment['TERM'] !== 'dumb'
}

/** Codes of ECMA-48, 8.3.117 (SGR): what begins it, and what ends just that. */
const CODES: Readonly<Record<keyof Colours, readonly [begin: number, end: number]>> = {
  bold: [1, 22],
  faint: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
}

export function createColours(choice: ColourChoice): Colours {
  const areOn = areColoursWanted(choice)
  const paint = (name: keyof Colours): Paint => {
    const [begin, end] = CODES[name]
    return (text) => (areOn && text !== '' ? `\u001b[${String(begin)}m${text}\u001b[${String(end)}m` : text)
  }
  return {
    bold: paint('bold'),
    faint: paint('faint'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    blue: paint('blue'),
    magenta: paint('magenta'),
    cyan: paint('cyan'),
  }
}
