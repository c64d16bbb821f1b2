/** Locates files of the package, such as its SQL: beside `src`, and beside `dist`, into which the code is bundled. */

/** @throws when this module is in neither directory: it was moved without its package */
function findPackage(module: string): URL {
  const [, root] = /^(.*\/)(?:src|dist)\//.exec(module) ?? []
  if (root === undefined) throw new Error(`${module} is neither below src nor below dist`)
  return new URL(root)
}

const PACKAGE = findPackage(import.meta.url)

/** @param path relative to the package, such as `sql/system/` */
export const packageFile = (path: string): URL => new URL(path, PACKAGE)
