/** Structured logs: one line each, on standard error, with whatever looks like a secret left out. */
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
  /** Written at every level: who silences the log does not silence the audit. */
  audit(fields: object, message: string): void
}

/** Whose level may change while it is written. */
export interface ProcessLog extends Log {
  setLevel(level: LogLevel): void
}

/** `auto`: text at a terminal, JSON elsewhere. */
export type LogFormat = 'auto' | 'text' | 'json'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/**
 * The second line of defence only: secrets are `Redacted` where they live, and no call site logs one. Fields that
 * could hold one by their name are replaced at the top and two levels down, wherever they come from. (pino's own
 * redaction tries every path on every line, which cost a tenth of a minting.)
 */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  ...['token', 'access_token', 'id_token', 'refresh_token', 'admin_token'],
  ...['password', 'secret', 'client_secret', 'authorization', 'cookie'],
])
const LEVELS = 3
const CENSORED = '[redacted]'

/** pino's most severe level of its own, `fatal`, is 60. */
const ABOVE_ALL = 70

/** What waits for a full disk to have room again; behind it lines are dropped. */
const MOST_UNWRITTEN = 1024 * 1024

/** Standard error, written at once. A full disk behind it loses lines and must not end the process (attack 42). */
export function openStandardError(format: LogFormat): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: MOST_UNWRITTEN })
  // There is nowhere else to say it; without a listener it would be an uncaught exception.
  destination.on('error', () => undefined)
  const isTerminal = isatty(2)
  if (format === 'json' || (format === 'auto' && !isTerminal)) return destination
  // https://no-color.org: present and not empty, whatever its value.
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
      // pino shows an error with its other properties as well.
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

/** The same object unless something had to be replaced. */
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
  // What decides itself how it is shown, such as a date or a `Redacted`; and errors, which pino takes apart.
  if ('toJSON' in value || value instanceof Error) return value
  return Array.isArray(value)
    ? value.map((item: unknown) => censorBelow(item, levels))
    : censor(value, levels)
}
