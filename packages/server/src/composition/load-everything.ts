/**
 * Loads the server, which `lakegate config` and `--help` do without. oidc-provider announces on the console, while
 * it loads, that it would rather run on Node 22; it passes its own tests and ours on Node 20.19, which we support
 * (docs/dependencies.md). That one sentence is kept from people who can do nothing about it. Goes when Node 20 does.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Starts } from '../cli/program.ts'

const EXPECTED_NOTICE = 'oidc-provider WARNING: Unsupported runtime'

export async function loadEverything(): Promise<Pick<Starts, 'everything' | 'control'>> {
  const sink = globalThis.console
  const warn = sink.warn.bind(sink)
  sink.warn = (...values: unknown[]) => {
    // At a terminal it is red.
    if (!stripVTControlCharacters(String(values[0])).startsWith(EXPECTED_NOTICE)) warn(...values)
  }
  try {
    const { startControlPlane, startEverything } = await import('./everything.ts')
    return { everything: startEverything, control: startControlPlane }
  } finally {
    sink.warn = warn
  }
}

/** A gateway of its own has no OAuth server to load. */
export const loadGateway = async (): Promise<Starts['gateway']> =>
  (await import('./gateway-node.ts')).startGateway

export const loadMasterKeyRotation = async (): Promise<Starts['rotateMasterKey']> =>
  (await import('./rotate-master-key.ts')).rotateMasterKey

export const loadResolver = async (): Promise<Starts['resolveSettings']> =>
  (await import('./resolve-settings.ts')).resolveSettings
