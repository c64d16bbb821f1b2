/** Where programs keep what they may lose: XDG Base Directory Specification, also on macOS, as other command lines do. */
import { homedir } from 'node:os'
import path from 'node:path'

/** The specification: a variable that is empty counts as not set. */
const setOr = (value: string | undefined, standard: string): string =>
  value === undefined || value === '' ? standard : value

export const cacheDirectory = (): string =>
  path.join(setOr(process.env['XDG_CACHE_HOME'], path.join(homedir(), '.cache')), 'lakegate')

export const stateDirectory = (): string =>
  path.join(setOr(process.env['XDG_STATE_HOME'], path.join(homedir(), '.local', 'state')), 'lakegate')

/** The file that a variable names, or the one in the home directory. */
export const fileOfHome = (variable: string, name: string): string =>
  setOr(process.env[variable], path.join(homedir(), name))
