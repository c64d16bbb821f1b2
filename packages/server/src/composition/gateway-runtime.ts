/** The program that runs the workers of the gateway: Bun where npm installed it, else Node (docs/decisions/0018-gateway-runtime.md). */
import { createRequire } from 'node:module'
import path from 'node:path'
import type { LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import type { WorkerRuntime } from '../gateway/workers/serve-by-workers.ts'

const NODE: WorkerRuntime = { name: 'Node', program: process.execPath, options: [], environment: {} }

/**
 * Bun reads settings of its own from the working directory, which may belong to anybody: variables from `.env`, and
 * code to run before ours from `bunfig.toml`. It also installs missing packages by itself.
 */
const NOTHING_FROM_THE_DIRECTORY = ['--no-env-file', '--config=/dev/null', '--no-install']

/** A Bun that crashes sends a report to its makers. Lakegate sends nothing to anybody. */
const TELLS_NOBODY = { DO_NOT_TRACK: '1', BUN_ENABLE_CRASH_REPORTING: '0' }

/** Architecture names as npm packages spell them: `@oven/bun-linux-x64`. */
const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'x64', arm64: 'aarch64' }

/**
 * @returns the preferred runtime first, then those that may replace it
 * @throws Fault gateway_runtime_missing when the setting names a runtime that is not installed
 */
export function gatewayRuntimesOf(settings: LoadedSettings): readonly [WorkerRuntime, ...WorkerRuntime[]] {
  const wanted = settings['gateway-runtime'].value
  if (wanted === 'node') return [NODE]
  const bun = findBun()
  if (wanted !== 'bun') return bun === undefined ? [NODE] : [bun, NODE]
  if (bun !== undefined) return [bun]
  throw new Fault({
    code: 'gateway_runtime_missing',
    origin: 'configuration',
    message: `npm installed no Bun for this platform (${packageName() ?? process.arch}).`,
    nextStep: 'Run npm ci without --omit=optional, or leave LAKEGATE_GATEWAY_RUNTIME out: then Node is used.',
  })
}

/** Of the preferred one, for people: `Bun 1.4.5`. */
export function describeGatewayRuntime(settings: LoadedSettings): string {
  const [{ name }] = gatewayRuntimesOf(settings)
  return name === 'Bun' ? `Bun ${bunVersion() ?? ''}`.trim() : `Node.js ${process.versions.node}`
}

/** As its package says; nothing is run. */
function bunVersion(): string | undefined {
  const name = packageName()
  if (name === undefined) return undefined
  const content = createRequire(import.meta.url)(`${name}/package.json`) as { readonly version?: string }
  return content.version
}

function packageName(): string | undefined {
  const architecture = ARCHITECTURES[process.arch]
  return architecture === undefined ? undefined : `@oven/bun-${process.platform}-${architecture}`
}

function findBun(): WorkerRuntime | undefined {
  const name = packageName()
  if (name === undefined) return undefined
  try {
    const program = path.join(
      path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
      'bin/bun',
    )
    return {
      ...{ name: 'Bun', program, options: NOTHING_FROM_THE_DIRECTORY, environment: TELLS_NOBODY },
      // Other kernels do not spread connections over several sockets of one address.
      opensAddresses: process.platform === 'linux',
    }
  } catch {
    // An optional dependency; npm leaves it out on platforms that it is not built for.
    return undefined
  }
}
