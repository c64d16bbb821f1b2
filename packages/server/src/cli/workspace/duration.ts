/** Durations as the databricks CLI takes them (Go's `time.ParseDuration`): `20m`, `1h30m`, `90s`, `500ms`. */
import { wrongUsage } from '../exit-codes.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g

/** @returns milliseconds @throws CommandFailure */
export function parseDuration(flag: string, text: string): number {
  if (text === '0') return 0
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text))
    throw wrongUsage(`${flag} is “${text}”, which is no duration.`, 'Write it as 20m, 1h30m or 90s.')
  return [...text.matchAll(PART)].reduce(
    (sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  )
}
