/**
 * Loads the server, which `lakegate config` and `--help` do without. oidc-provider announces on the console, while
 * it loads, that it would rather run on Node 22; it passes its own tests and ours on Node 20.19, which we support
 * (docs/dependencies.md). That one sentence is kept from people who can do nothing about it. Goes when Node 20 does.
 */
import type { StartEverything } from '../cli/up.ts'

const EXPECTED_NOTICE = 'oidc-provider WARNING: Unsupported runtime'

export async function loadEverything(): Promise<StartEverything> {
  const sink = globalThis.console
  const warn = sink.warn.bind(sink)
  sink.warn = (...values: unknown[]) => {
    if (!String(values[0]).startsWith(EXPECTED_NOTICE)) warn(...values)
  }
  try {
    return (await import('./everything.ts')).startEverything
  } finally {
    sink.warn = warn
  }
}
