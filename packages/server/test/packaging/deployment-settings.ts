/** Which settings a file of deploy/ sets, so that none is there that Lakegate would refuse. */
import { SETTING_NAMES } from '../../src/config/settings.ts'

/** Those that exist, and the one that names the config file. */
const KNOWN = new Set([
  'LAKEGATE_CONFIG',
  ...SETTING_NAMES.map((name) => `LAKEGATE_${name.toUpperCase().replaceAll('-', '_')}`),
])

/** Variables of compose files themselves. */
const OF_COMPOSE = new Set(['LAKEGATE_PUBLISH'])

/** @returns names that begin like a setting and are none */
export const unknownSettings = (text: string): readonly string[] =>
  [...new Set(text.match(/\bLAKEGATE_[A-Z0-9_]+/g) ?? [])].filter(
    (name) => !KNOWN.has(name) && !OF_COMPOSE.has(name),
  )
