/** The data directory of this process, from the settings and the machine's defaults. */
import { homedir } from 'node:os'
import path from 'node:path'
import { dataDirectoryOf, type LoadedSettings } from '../config/load.ts'

export const dataDirectoryHere = (settings: LoadedSettings): string =>
  dataDirectoryOf(settings, {
    isRoot: process.getuid?.() === 0,
    home: homedir(),
    xdgDataHome: process.env['XDG_DATA_HOME'],
  })

export const masterKeyFileIn = (settings: LoadedSettings, dataDirectory: string): string =>
  settings['master-key-file'].value ?? path.join(dataDirectory, 'master.key')
