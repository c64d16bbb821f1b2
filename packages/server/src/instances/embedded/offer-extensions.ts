/**
 * Lets owners of databases create the extensions that the operator's list allows. PostgreSQL finds our control file
 * before the one of the binaries (`extension_control_path`); ours says whether the extension is `trusted`, and refers
 * to the scripts of the binaries. An extension that is not in the list is not trusted, whatever the binaries say.
 */
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../../domain/package-files.ts'
import { decideExtension, type BadExtensionSetting, type ExtensionRules } from '../../policy/extensions.ts'
import { extendControlFile, valueInControlFile } from './control-file.ts'
import { removeFiles, writeReadableFile } from './own-files.ts'

/** SQL that is run after each script of an extension; it must be harmless when it is run again. */
const ADDITIONS = fileURLToPath(packageFile('sql/extensions/'))
const CONTROL = '.control'
const PRELOADED = ['pg_stat_statements']

interface Places {
  /** The share directory of the binaries. */
  readonly shareDirectory: string
  /** The directory that `extension_control_path` names. */
  readonly directory: string
}

/** @returns the libraries that instances must load at start, or what is wrong with the operator's list */
export async function offerExtensions(
  request: Places & { readonly rules: ExtensionRules },
): Promise<{ readonly preloadLibraries: readonly string[] } | BadExtensionSetting> {
  const { shareDirectory, directory, rules } = request
  const available = await readdir(path.join(shareDirectory, 'extension'))
  const names = available
    .filter((file) => file.endsWith(CONTROL) && !file.includes('--'))
    .map((file) => file.slice(0, -CONTROL.length))
  const offered = new Map<string, string>()
  for (const name of names) {
    const control = await readFile(path.join(shareDirectory, 'extension', `${name}${CONTROL}`), 'utf8')
    const scripts = path.resolve(shareDirectory, valueInControlFile(control, 'directory') ?? 'extension')
    const verdict = decideExtension(name, await installScripts(scripts, name), rules)
    if (typeof verdict === 'object') return verdict
    if (verdict === 'not_ours') continue
    offered.set(
      `${name}${CONTROL}`,
      verdict === 'trusted'
        ? extendControlFile(control, {
            directory: await withAddition(directory, scripts, name),
            trusted: 'true',
          })
        : extendControlFile(control, { directory: scripts, superuser: 'true', trusted: 'false' }),
    )
  }
  await replaceControlFiles(path.join(directory, 'extension'), offered)
  return { preloadLibraries: PRELOADED.filter((name) => names.includes(name)) }
}

/** Ignores update scripts, of which some extensions have hundreds. */
async function installScripts(directory: string, name: string): Promise<readonly string[]> {
  const files = (await readdir(directory)).filter(
    (file) => file.startsWith(`${name}--`) && file.endsWith('.sql') && file.split('--').length === 2,
  )
  return Promise.all(files.map((file) => readFile(path.join(directory, file), 'utf8')))
}

/** @returns the directory of its scripts: a copy if SQL of ours is appended to them */
async function withAddition(directory: string, scripts: string, name: string): Promise<string> {
  const additions = await readdir(ADDITIONS)
  if (!additions.includes(`${name}.sql`)) return scripts
  const addition = await readFile(path.join(ADDITIONS, `${name}.sql`), 'utf8')
  const target = path.join(directory, 'scripts', name)
  await makeOpenDirectory(path.dirname(target))
  await makeOpenDirectory(target)
  const files = (await readdir(scripts)).filter((file) => file.startsWith(`${name}--`))
  for (const file of files) {
    const text = await readFile(path.join(scripts, file), 'utf8')
    await writeReadableFile(path.join(target, file), file.endsWith('.sql') ? `${text}\n${addition}` : text)
  }
  await removeFiles(target, (file) => !files.includes(file))
  return target
}

async function replaceControlFiles(directory: string, offered: ReadonlyMap<string, string>): Promise<void> {
  for (const [file, text] of offered) await writeReadableFile(path.join(directory, file), text)
  // Removes control files of extensions that the binaries no longer have, or for which there is no rule any more.
  await removeFiles(
    directory,
    (file) => file.endsWith(CONTROL) && !offered.has(file) && file !== `databricks_auth${CONTROL}`,
  )
}

async function makeOpenDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o755)
}
