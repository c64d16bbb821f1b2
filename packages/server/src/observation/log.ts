/** Structured logs: one line per entry, on standard error, with fields that look like secrets removed. */
import { isatty } from 'node:tty'
import { pino, type DestinationStream } from 'pino'
import { renderLogLine } from './log-line.ts'

export interface Log {
  isTracing(): boolean
  trace(fields: object, message: string): void
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** Written at every level: silencing the log must not silence the audit. */
  audit(fields: object, message: string): void
}

/** A log whose level can be changed at runtime. */
export interface ProcessLog extends Log {
  setLevel(level: LogLevel): void
}

/** `auto`: text at a terminal, JSON elsewhere. */
export type LogFormat = 'auto' | 'text' | 'json'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/**
 * A second line of defence only: secrets are `Redacted` where they are held, and no call site logs one. Fields whose
 * names suggest a secret are replaced at the top level and two levels down, wherever they come from. (pino's own
 * redaction tries every path on every line, which took a tenth of the time of a minting.)
 */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  ...['token', 'access_token', 'id_token', 'refresh_token', 'admin_token'],
  ...['password', 'secret', 'client_secret', 'authorization', 'cookie'],
])
const LEVELS = 3
const CENSORED = '[redacted]'

/** pino's own most severe level, `fatal`, is 60. */
const ABOVE_ALL = 70

/** How many bytes wait while the disk is full; further lines are dropped. */
const MOST_UNWRITTEN = 1024 * 1024

/** Standard error, written synchronously. A full disk loses lines and must not end the process (attack 42). */
export function openStandardError(format: LogFormat): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: MOST_UNWRITTEN })
  // The error cannot be reported anywhere else; without a listener it would be an uncaught exception.
  destination.on('error', () => undefined)
  const isTerminal = isatty(2)
  if (format === 'json' || (format === 'auto' && !isTerminal)) return destination
  // https://no-color.org: set and not empty, whatever the value.
  const hasColours = isTerminal && (process.env['NO_COLOR'] ?? '') === ''
  return {
    write(line: string) {
      destination.write(renderLogLine(line, hasColours))
    },
  }
}

/** @param destination where the lines go */
export function createLog(level: LogLevel, destination: DestinationStream): ProcessLog {
  const log = pino(
    {
      level,
      customLevels: { audit: ABOVE_ALL },
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => censor(fields, LEVELS),
      },
      // pino logs an error with its other properties too.
      serializers: { err: (error: Error) => censorBelow(pino.stdSerializers.err(error), LEVELS - 1) },
    },
    destination,
  )
  return Object.assign(log, {
    isTracing: () => log.isLevelEnabled('trace'),
    setLevel(next: LogLevel) {
      log.level = next
    },
  })
}

/** Returns the same object unless something was replaced. */
function censor<Fields extends object>(fields: Fields, levels: number): Fields {
  let changes: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    const shown = SECRET_FIELDS.has(name) ? CENSORED : censorBelow(value, levels - 1)
    if (shown !== value) changes = { ...changes, [name]: shown }
  }
  return changes === undefined ? fields : { ...fields, ...changes }
}

function censorBelow(value: unknown, levels: number): unknown {
  if (levels === 0 || typeof value !== 'object' || value === null) return value
  // Left alone: values with a JSON form of their own, such as a date or a `Redacted`, and errors, which pino
  // serializes.
  if ('toJSON' in value || value instanceof Error) return value
  return Array.isArray(value)
    ? value.map((item: unknown) => censorBelow(item, levels))
    : censor(value, levels)
}
