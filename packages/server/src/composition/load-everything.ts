/**
 * Loads the server, which `lakegate config` and `--help` do without. While it loads, oidc-provider prints on the
 * console that it prefers Node 22; it passes its own tests and ours on Node 20.19, which we support
 * (docs/dependencies.md). That one line is suppressed, because its readers can do nothing about it. Remove this when
 * Node 20 is no longer supported.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Starts } from '../cli/program.ts'

const EXPECTED_NOTICE = 'oidc-provider WARNING: Unsupported runtime'

export async function loadEverything(): Promise<Pick<Starts, 'everything' | 'control'>> {
  const sink = globalThis.console
  const warn = sink.warn.bind(sink)
  sink.warn = (...values: unknown[]) => {
    // On a terminal the line is coloured red.
    if (!stripVTControlCharacters(String(values[0])).startsWith(EXPECTED_NOTICE)) warn(...values)
  }
  try {
    const { startControlPlane, startEverything } = await import('./everything.ts')
    return { everything: startEverything, control: startControlPlane }
  } finally {
    sink.warn = warn
  }
}

/** A separate gateway has no OAuth server to load. */
export const loadGateway = async (): Promise<Starts['gateway']> =>
  (await import('./gateway-node.ts')).startGateway

export const loadTemporaryDirectoryRemoval = async (): Promise<Starts['removeTemporaryDirectory']> =>
  (await import('./remove-temporary-directory.ts')).removeTemporaryDirectory

export const loadMasterKeyRotation = async (): Promise<Starts['rotateMasterKey']> =>
  (await import('./rotate-master-key.ts')).rotateMasterKey

export const loadResolver = async (): Promise<Starts['resolveSettings']> =>
  (await import('./resolve-settings.ts')).resolveSettings

/** The work of the commands that look after an installation. */
export const loadOperator = () => import('./operator/operator.ts')

export const loadLocalLoginPlace = async (): Promise<Starts['localLoginPlace']> =>
  (await import('./local-login-socket.ts')).localLoginPlaceHere
