/** The log of one process, configured by the settings. */
import type { LoadedSettings } from '../config/load.ts'
import { createLog, openStandardError, type LogLevel, type ProcessLog } from '../observation/log.ts'

export const openProcessLog = (settings: LoadedSettings): ProcessLog =>
  createLog(logLevelOf(settings), openStandardError(settings['log-format'].value))

export const logLevelOf = (settings: LoadedSettings): LogLevel => settings['log-level'].value
