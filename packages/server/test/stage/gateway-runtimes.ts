/** The programs that may run a gateway's workers (docs/decisions/0018-gateway-runtime.md), for tests that try each of them. */
import { createRequire } from 'node:module'

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'aarch64' }

/** npm leaves the package out where it is not made for the platform. */
function isBunInstalled(): boolean {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch
  try {
    createRequire(import.meta.url).resolve(`@oven/bun-${process.platform}-${architecture}/package.json`)
    return true
  } catch {
    return false
  }
}

/** `gatewayRuntime` is the value of the setting `gateway-runtime`. */
export const GATEWAY_RUNTIMES: readonly {
  readonly gatewayRuntime: 'node' | 'bun'
  readonly isInstalled: boolean
}[] = [
  { gatewayRuntime: 'node', isInstalled: true },
  { gatewayRuntime: 'bun', isInstalled: isBunInstalled() },
]

/** What the workers of this run's Lakegates run on: the default, or what `npm run test:gateway-on-node` says. */
export const GATEWAY_RUNTIME_HERE: 'node' | 'bun' =
  process.env['TEST_GATEWAY_RUNTIME'] === 'node' || !isBunInstalled() ? 'node' : 'bun'
