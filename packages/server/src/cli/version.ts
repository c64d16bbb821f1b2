/** Which Lakegate this is. */
import { readFileSync } from 'node:fs'

/** The package of the program, two directories above this file, compiled or not. */
const PACKAGE = new URL('../../package.json', import.meta.url)

export const readVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version
