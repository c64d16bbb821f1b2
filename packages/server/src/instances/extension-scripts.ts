/** The scripts of databricks_auth as they are in the repository, in the order in which PostgreSQL runs them. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../domain/package-files.ts'

/** Where the control file and the scripts are. */
export const EXTENSION_SOURCES = fileURLToPath(packageFile('sql/databricks_auth/'))

export interface ExtensionScript {
  /** The version that is installed after the script has run. */
  readonly version: string
  readonly text: string
}

/**
 * Named as PostgreSQL expects the scripts of an extension: first `--<to>.sql`, then `--<from>--<to>.sql`.
 * @param from the installed version; undefined when none is installed
 */
export async function nextScript(from: string | undefined): Promise<ExtensionScript | undefined> {
  for (const file of await readdir(EXTENSION_SOURCES)) {
    const versions = file
      .replace(/\.sql$/, '')
      .split('--')
      .slice(1)
    const version = versions.at(-1)
    const begins = versions.length === 2 ? versions[0] : undefined
    if (version === undefined || begins !== from) continue
    const text = await readFile(path.join(EXTENSION_SOURCES, file), 'utf8')
    // \echo is psql's way to keep people from running the script by hand.
    return { version, text: text.replace(/^\\echo.*$/m, '') }
  }
  return undefined
}
