/** Which Node.js Lakegate runs on. Imports nothing: it is read by every other one as well. */

const OLDEST = [20, 19, 0] as const

/** @returns what is wrong with the runtime, for people; undefined when it is new enough */
export function complainOfRuntime({ node }: { readonly node: string }): string | undefined {
  const found = node.split('.').map(Number)
  const difference = OLDEST.map((part, index) => (found[index] ?? 0) - part).find((part) => part !== 0) ?? 0
  return difference >= 0
    ? undefined
    : `\nLakegate cannot go on: it needs Node.js ${OLDEST.join('.')} or later, and this is ${node}.\nWhat to do: Install a later one from https://nodejs.org, and see that it comes first in PATH.\n`
}
