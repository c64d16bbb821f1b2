/** How long something has lasted, in its largest unit: `3 s`, `2 min`, `5 h`, `3 d`. */
import { locale } from '../messages/index.ts'

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

const formats = Object.fromEntries(
  UNITS.map(([unit]) => [
    unit,
    new Intl.NumberFormat(locale === 'en-XA' ? 'en' : locale, {
      style: 'unit',
      unit,
      unitDisplay: 'narrow',
      maximumFractionDigits: 0,
    }),
  ]),
)

export function formatAge(since: Date, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1000))
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ['second', 1]
  return formats[unit]?.format(Math.floor(seconds / size)) ?? String(seconds)
}
