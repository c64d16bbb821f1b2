/** Times of records, to the second: in the browser's time zone, and in UTC beside it. */
import { locale } from '../messages/index.ts'
import { formatWithZone } from './format.ts'

const LANGUAGE = locale === 'en-XA' ? 'en' : locale

const PARTS = {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const

const local = new Intl.DateTimeFormat(LANGUAGE, PARTS)
const utc = new Intl.DateTimeFormat(LANGUAGE, { ...PARTS, timeZone: 'UTC', timeZoneName: 'short' })

const time = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'medium', hourCycle: 'h23' })

/** For times of today, to the second. */
export const formatTime = (at: Date): string => time.format(at)

/** @param at ISO 8601 */
export const formatStamp = (at: string): string => local.format(new Date(at))

export const formatLocalAndUtc = (at: string): string =>
  `${formatWithZone(new Date(at))} (${utc.format(new Date(at))})`
