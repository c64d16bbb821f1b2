/** Checks which Node.js Lakegate runs on. Imports nothing, because it must load on every version. */

const OLDEST = [20, 19, 0] as const

/** @returns what is wrong with the runtime, for people; undefined when it is recent enough */
export function complainOfRuntime({ node }: { readonly node: string }): string | undefined {
  const found = node.split('.').map(Number)
  const difference = OLDEST.map((part, index) => (found[index] ?? 0) - part).find((part) => part !== 0) ?? 0
  return difference >= 0
    ? undefined
    : `\nLakegate cannot go on: it needs Node.js ${OLDEST.join('.')} or later, and this is ${node}.\nWhat to do: Install a later version from https://nodejs.org, and make sure that it comes first in PATH.\n`
}
