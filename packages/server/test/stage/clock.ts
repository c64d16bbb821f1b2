/** A node whose clock is wrong: Node gives it another `Date`, in all of its processes. */

/** @returns what goes into the environment of the node */
export function clockAhead(milliseconds: number): { readonly NODE_OPTIONS: string } {
  const program = `
    const { Date: Right } = globalThis
    globalThis.Date = class Date extends Right {
      constructor(...given) { given.length === 0 ? super(Date.now()) : super(...given) }
      static now() { return Right.now() + ${String(milliseconds)} }
    }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` }
}
