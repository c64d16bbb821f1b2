/** Structured logs: one JSON line each, on standard error, with whatever looks like a secret left out. */
import { pino, type DestinationStream } from 'pino'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * The second line of defence only: secrets are `Redacted` where they live, and no call site logs one. Names of
 * fields that could hold one are removed at the top and one level down, wherever they come from.
 */
const SECRET_FIELDS = ['token', 'password', 'secret', 'authorization', 'access_token', 'client_secret', 'admin_token']

/** @param destination where the lines go; standard error when left out */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
}
