/**
 * Colours of series, taken from the tokens so that charts follow the theme. Colour is never the only mark: each series
 * has its name beside it.
 */
import type { Series } from './metrics-charts.ts'

export type ColourName = 'accent' | 'ok' | 'neutral' | 'danger' | 'warn' | 'keyword' | 'number' | 'info'

const REFUSALS: readonly ColourName[] = ['danger', 'warn', 'keyword', 'number', 'info']

const TOKENS: Readonly<Record<ColourName, string>> = {
  accent: '--accent',
  ok: '--ok',
  neutral: '--text-3',
  danger: '--danger',
  warn: '--warn',
  keyword: '--sql-keyword',
  number: '--sql-number',
  info: '--info',
}

/** @param index of the series in its chart */
export const colourName = ({ tone }: Pick<Series, 'tone'>, index: number): ColourName =>
  tone === 'refusal' ? (REFUSALS[Math.max(0, index - 1) % REFUSALS.length] ?? 'danger') : tone

/** The present value of the token on the page. */
export const colourOf = (name: ColourName): string => tokenOf(TOKENS[name])

export const tokenOf = (token: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(token).trim()
