/**
 * Numbers, sizes and times as the console writes them. Values of PostgreSQL are never formatted here: they stay text.
 */
import { locale } from '../messages/index.ts'
import { timeZone, type TimeZone } from './time-zone.ts'

const LANGUAGE = locale === 'en-XA' ? 'en' : locale

const number = new Intl.NumberFormat(LANGUAGE)

/** Formats in the time zone that the person chose; the formatter is created again only when that changes. */
function formatterOf(options: Intl.DateTimeFormatOptions): (time: Date) => string {
  let made: { readonly zone: TimeZone; readonly formatter: Intl.DateTimeFormat } | undefined
  return (time) => {
    const zone = timeZone()
    if (made?.zone !== zone)
      made = {
        zone,
        formatter: new Intl.DateTimeFormat(
          LANGUAGE,
          zone === 'UTC' ? { ...options, timeZone: zone } : options,
        ),
      }
    return made.formatter.format(time)
  }
}

const withZone = formatterOf({
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})
const clock = formatterOf({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = formatterOf({ year: 'numeric', month: 'short', day: 'numeric' })
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto', style: 'narrow' })

export const formatNumber = (value: number): string => number.format(value)

/** Date and time with the name of the zone. */
export const formatWithZone = (time: Date): string => withZone(time)

/** Hours and minutes, for expiries of today. */
export const formatClock = (time: Date): string => clock(time)

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** @param bytes shown with one decimal digit when the number is below ten in its unit */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < SIZES.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1
  return `${value.toFixed(digits)} ${SIZES[unit] ?? 'B'}`
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** For times farther away, the date is more useful than a number of days. */
const NEAR = 14 * 86_400

/** The distance of a time in its largest unit: `3m ago`; the date when it is far away. */
export function formatRelative(time: Date, now: Date): string {
  const seconds = Math.round((time.getTime() - now.getTime()) / 1000)
  if (Math.abs(seconds) >= NEAR) return day(time)
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size || unit === 'second')
      return relative.format(Math.trunc(seconds / size), unit)
  return relative.format(0, 'second')
}

/** The remaining time in minutes and seconds: `59:48`; with hours if there are any. */
export function formatRemaining(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part) => String(part).padStart(2, '0')).join(':')
}
