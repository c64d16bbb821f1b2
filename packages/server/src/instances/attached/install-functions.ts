/**
 * The functions of databricks_auth without the extension, whose files cannot be put on somebody else's server: the same
 * scripts, run as they are. Needs a superuser, PostgreSQL 16 for GRANT … WITH INHERIT, and the library of dblink.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'

const SCRIPTS = fileURLToPath(new URL('../../../sql/databricks_auth/', import.meta.url))
const OLDEST_VERSION = 16

/** @param client as superuser, in a transaction, in the database where the functions shall be */
export async function installFunctions(client: pg.Client, pgMajorVersion: number): Promise<void> {
  if (pgMajorVersion < OLDEST_VERSION) return
  const { rows } = await client.query<{ usable: boolean; installed: string | null }>(`
    SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'dblink')
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth') AS usable,
           (SELECT pg_catalog.obj_description(oid, 'pg_namespace')
              FROM pg_catalog.pg_namespace WHERE nspname = 'databricks_auth') AS installed`)
  const [found] = rows
  if (found?.usable !== true) return
  let version = /^lakegate ([0-9.]+)$/.exec(found.installed ?? '')?.[1]
  for (;;) {
    const script = await nextScript(version)
    if (script === undefined) return
    await client.query(script.text)
    version = script.version
    await client.query(`COMMENT ON SCHEMA databricks_auth IS ${client.escapeLiteral(`lakegate ${version}`)}`)
  }
}

/** Named as PostgreSQL wants the scripts of an extension: `--<to>.sql` to begin with, then `--<from>--<to>.sql`. */
async function nextScript(
  from: string | undefined,
): Promise<{ readonly version: string; readonly text: string } | undefined> {
  for (const file of await readdir(SCRIPTS)) {
    const versions = file
      .replace(/\.sql$/, '')
      .split('--')
      .slice(1)
    const version = versions.at(-1)
    const begins = versions.length === 2 ? versions[0] : undefined
    if (version === undefined || begins !== from) continue
    const text = await readFile(path.join(SCRIPTS, file), 'utf8')
    // \echo is psql's way to keep people from running the script by hand.
    return { version, text: text.replace(/^\\echo.*$/m, '') }
  }
  return undefined
}
