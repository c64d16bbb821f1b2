import { refuse, type Refusal, type RefusalName, type RefuseArguments } from '../policy/refusals.ts'

/** Carries a refusal from an operation to the layer that renders it; not thrown for anything else (style §7). */
export class RefusedError extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, options?: { readonly cause: unknown }) {
    super(`refused: ${refusal.name}`, options)
    this.name = 'RefusedError'
    this.refusal = refusal
  }
}

/** One refusal of the table as an error to throw; the compiler requires the parameters that its texts use. */
export function refused<Name extends RefusalName>(name: Name, ...rest: RefuseArguments<Name>): RefusedError {
  return new RefusedError(refuse(name, ...rest))
}

/** Turns a verdict into control flow: returns when permitted, throws the refusal otherwise. */
export function requirePermitted(verdict: 'permitted' | 'reachable' | Refusal): void {
  if (verdict !== 'permitted' && verdict !== 'reachable') throw new RefusedError(verdict)
}
