/** Every pair of colours of design 6.3, computed from the file that the console uses (acceptance 9). */
import { describe, expect, it } from 'vitest'
import css from '../src/kit/styles/tokens.css?raw'

/** `text on ground`, with the ratios in light and dark that the design states, rounded down to a tenth. */
const PAIRS: readonly (readonly [text: string, ground: string, light: number, dark: number])[] = [
  ['text', 'bg', 16.4, 15.5],
  ['text', 'hover', 14.3, 12.6],
  ['text-2', 'bg', 7.6, 9.0],
  ['text-2', 'hover', 6.6, 7.3],
  ['text-3', 'bg', 5.5, 6.6],
  ['text-3', 'hover', 4.8, 5.3],
  ['accent', 'bg', 6.1, 8.8],
  ['accent', 'hover', 5.3, 7.1],
  ['on-accent', 'accent', 6.1, 7.9],
  ['on-accent', 'accent-hover', 8.2, 9.7],
  ['control', 'bg', 3.7, 4.6],
  ['line', 'bg', 1.4, 1.5],
  ['text', 'selected', 13.7, 10.4],
  ['ok', 'ok-ground', 6.0, 8.4],
  ['warn', 'warn-ground', 6.6, 8.6],
  ['danger', 'danger-ground', 5.6, 7.4],
  ['on-danger', 'danger', 6.5, 8.4],
  ['info', 'info-ground', 6.4, 8.1],
  ['sql-keyword', 'surface', 7.7, 8.2],
  ['sql-string', 'surface', 6.4, 9.8],
  ['sql-number', 'surface', 6.9, 8.7],
  ['sql-comment', 'surface', 5.2, 6.1],
  ['sql-function', 'surface', 6.9, 9.0],
]
/** The design writes one digit after the point. */
const ROUNDING = 0.05

type Colours = ReadonlyMap<string, string>

function coloursOf(block: string): Colours {
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/gi)].map(([, name = '', value = '']) => [name, value]),
  )
}

function blockAfter(start: RegExp): string {
  const found = start.exec(css)
  if (found === null) throw new Error(`tokens.css has no ${String(start)}`)
  const rest = css.slice(found.index)
  return rest.slice(0, rest.indexOf('}'))
}

const light = coloursOf(blockAfter(/:root \{/))
const chosenDark = coloursOf(blockAfter(/:root\[data-theme='dark'\] \{/))
const systemDark = coloursOf(blockAfter(/:root:not\(\[data-theme='light'\]\) \{/))

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(colours: Colours, text: string, ground: string): number {
  const [one, other] = [text, ground].map((name) => {
    const colour = colours.get(name)
    if (colour === undefined) throw new Error(`tokens.css has no --${name}`)
    return luminance(colour) + 0.05
  })
  if (one === undefined || other === undefined) throw new Error('two colours make a pair')
  return Math.max(one, other) / Math.min(one, other)
}

describe('the colours of the console', () => {
  it.each(PAIRS)(
    '%s on %s have at least the contrast that the design states',
    (text, ground, inLight, inDark) => {
      expect(contrast(light, text, ground)).toBeGreaterThanOrEqual(inLight - ROUNDING)
      expect(contrast(chosenDark, text, ground)).toBeGreaterThanOrEqual(inDark - ROUNDING)
    },
  )

  it('are the same in the dark that was chosen and in that of the system', () => {
    expect(Object.fromEntries(systemDark)).toEqual(Object.fromEntries(chosenDark))
  })
})
