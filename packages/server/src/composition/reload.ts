/**
 * Takes changed settings and certificates while sessions are open: on request (SIGHUP), and when a certificate file
 * changes on disk. When anything is wrong, nothing changes and the log says why (attack 41).
 */
import { unwatchFile, watchFile } from 'node:fs'
import type { LoadedSettings } from '../config/load.ts'
import { SETTING_NAMES, SETTINGS, type SettingDefinition, type SettingName } from '../config/settings.ts'
import { Fault } from '../domain/fault.ts'
import type { Log } from '../observation/log.ts'

export interface Reloading {
  /** @param read gives the current settings; when it fails, that is reported like any other failure */
  reload(read: () => LoadedSettings): Promise<void>
  stop(): void
}

/** Files are polled, not watched, because mounted files are replaced in ways that no watch notices. */
const LOOK_EVERY_MS = 2_000
const CERTIFICATE_FILES = [
  'tls-certificate-file',
  'tls-key-file',
  'http-certificate-file',
  'http-key-file',
] as const

export function createReloading(
  initial: LoadedSettings,
  apply: (settings: LoadedSettings) => Promise<void>,
  log: Pick<Log, 'info' | 'warn' | 'error'>,
): Reloading {
  let current = initial
  let watched: readonly string[] = []
  let queue: Promise<void> = Promise.resolve()

  async function take(read: () => LoadedSettings): Promise<void> {
    try {
      const wanted = read()
      const next = mergeReloadable(current, wanted)
      await apply(next)
      current = next
      watch()
      const later = SETTING_NAMES.filter(
        (name) => !reloads(name) && String(wanted[name].value) !== String(current[name].value),
      )
      if (later.length > 0) log.warn({ settings: later }, 'these settings have changed and need a restart')
      log.info({}, 'settings and certificates were read again')
    } catch (error) {
      const nextStep = error instanceof Fault ? error.nextStep : undefined
      log.error(
        { err: error, nextStep },
        'the new settings or certificates cannot be used; the old ones stay',
      )
    }
  }
  const reload = (read: () => LoadedSettings): Promise<void> => {
    queue = queue.then(() => take(read))
    return queue
  }
  const onChange = () => void reload(() => current)

  function unwatch(): void {
    for (const file of watched) unwatchFile(file, onChange)
    watched = []
  }
  function watch(): void {
    unwatch()
    watched = CERTIFICATE_FILES.map((name) => current[name].value).filter((file) => file !== undefined)
    for (const file of watched) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, onChange)
  }

  watch()
  return { reload, stop: unwatch }
}

function reloads(name: SettingName): boolean {
  const definition: SettingDefinition = SETTINGS[name]
  return definition.reloads === true
}

const mergeReloadable = (current: LoadedSettings, next: LoadedSettings): LoadedSettings =>
  Object.fromEntries(
    SETTING_NAMES.map((name) => [name, reloads(name) ? next[name] : current[name]]),
  ) as LoadedSettings
