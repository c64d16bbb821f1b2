/** Puts the files of databricks_auth where the account that runs PostgreSQL can read them. */
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { removeFiles, writeReadableFile } from './embedded/own-files.ts'
import { EXTENSION_SOURCES, nextScript } from './extension-scripts.ts'

/**
 * PostgreSQL 18 looks below each directory of `extension_control_path` for a folder named `extension`.
 *
 * There is only one installing script, for the newest version: the owner of a database may drop the extension and
 * create it again, and must not be able to choose a version whose functions are unsafe (docs/security-model.md).
 * @returns the directory for `extension_control_path`
 */
export async function installExtensionFiles(directory: string): Promise<string> {
  const target = path.join(directory, 'extension')
  await mkdir(target, { recursive: true })
  await chmod(directory, 0o755)
  await chmod(target, 0o755)
  const files = await extensionFiles()
  for (const [file, content] of files) await writeReadableFile(path.join(target, file), content)
  // Removes files of an earlier Lakegate; the control files of other extensions belong to offer-extensions.ts.
  await removeFiles(target, (file) => file.startsWith('databricks_auth') && !files.has(file))
  return directory
}

async function extensionFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const file of await readdir(EXTENSION_SOURCES)) {
    const installsAnEarlierVersion = file.split('--').length === 2
    if (!installsAnEarlierVersion) files.set(file, await readFile(path.join(EXTENSION_SOURCES, file), 'utf8'))
  }
  const { version, text } = await installationScript()
  files.set(`databricks_auth--${version}.sql`, text)
  return files
}

/** All scripts in one, each preceded by the search_path that PostgreSQL would set for it as a script of its own. */
async function installationScript(): Promise<{ readonly version: string; readonly text: string }> {
  let text = '\\echo Use "CREATE EXTENSION databricks_auth" to load this file. \\quit\n'
  let version: string | undefined
  for (;;) {
    const script = await nextScript(version)
    if (script === undefined) break
    version = script.version
    text += `SET LOCAL search_path TO public, pg_temp;\n${script.text}`
  }
  if (version === undefined) throw new Error(`${EXTENSION_SOURCES} holds no script of databricks_auth`)
  return { version, text }
}
