/** Puts the files of databricks_auth where the account that runs PostgreSQL can read them. */
import { copyFile, chmod, mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../sql/databricks_auth/', import.meta.url))

/**
 * PostgreSQL 18 looks below each directory of `extension_control_path` for a folder named `extension`.
 * @returns the directory for `extension_control_path`
 */
export async function installExtensionFiles(directory: string): Promise<string> {
  const target = path.join(directory, 'extension')
  await mkdir(target, { recursive: true })
  await chmod(directory, 0o755)
  await chmod(target, 0o755)
  for (const file of await readdir(SOURCE)) {
    const unfinished = path.join(target, `.${file}.unfinished`)
    await copyFile(path.join(SOURCE, file), unfinished)
    await chmod(unfinished, 0o644)
    await rename(unfinished, path.join(target, file))
  }
  return directory
}
