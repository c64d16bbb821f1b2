/** The log of one process, as the settings say. */
import type { LoadedSettings } from '../config/load.ts'
import {
  createLog,
  openStandardError,
  type LogFormat,
  type LogLevel,
  type ProcessLog,
} from '../observation/log.ts'

export const openProcessLog = (settings: LoadedSettings): ProcessLog =>
  createLog(logLevelOf(settings), openStandardError(settings['log-format'].value as LogFormat))

export const logLevelOf = (settings: LoadedSettings): LogLevel => settings['log-level'].value as LogLevel
