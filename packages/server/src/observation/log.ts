/** Structured logs: one JSON line each, on standard error, with whatever looks like a secret left out. */
import { pino, type DestinationStream } from 'pino'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** Written at every level: who silences the log does not silence the audit. */
  audit(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * The second line of defence only: secrets are `Redacted` where they live, and no call site logs one. Names of
 * fields that could hold one are removed at the top and two levels down, wherever they come from.
 */
const SECRET_FIELDS = [
  ...['token', 'access_token', 'id_token', 'refresh_token', 'admin_token'],
  ...['password', 'secret', 'client_secret', 'authorization', 'cookie'],
]
const DEPTHS = ['', '*.', '*.*.']

/** pino's most severe level of its own, `fatal`, is 60. */
const ABOVE_ALL = 70

/** @param destination where the lines go; standard error when left out */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      customLevels: { audit: ABOVE_ALL },
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => DEPTHS.map((depth) => depth + name)),
        censor: '[redacted]',
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
}
