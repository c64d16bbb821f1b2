/** Which Lakegate this is. */
import { readFileSync } from 'node:fs'
import { packageFile } from '../domain/package-files.ts'

export const readVersion = (): string =>
  (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }).version
