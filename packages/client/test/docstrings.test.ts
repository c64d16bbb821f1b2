/** Every name that the package exports says what it is: in editors, and in the reference that `npm run docs:client` renders. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

/** The source files behind the subpaths of the package. */
const entries = Object.values(
  (
    JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8')) as {
      exports: Record<string, string | { default: string }>
    }
  ).exports,
).flatMap((target) =>
  typeof target === 'string'
    ? []
    : [path.join(PACKAGE, target.default.replace('dist', 'src').replace(/js$/, 'ts'))].filter(existsSync),
)

/** Every exported name, and whether it has a docstring. */
function readExports(): readonly { readonly name: string; readonly says: boolean }[] {
  const { config } = ts.readConfigFile(path.join(PACKAGE, 'tsconfig.json'), (file) =>
    readFileSync(file, 'utf8'),
  ) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PACKAGE)
  // What others export need not be loaded to read what stands above our own names.
  const sources = ts.sys.readDirectory(path.join(PACKAGE, 'src'), ['.ts'])
  const program = ts.createProgram(sources, { ...options, noResolve: true, noLib: true, types: [] })
  const checker = program.getTypeChecker()
  return entries.flatMap((entry) => {
    const file = program.getSourceFile(entry)
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file)
    if (module === undefined) throw new Error(`${entry} exports nothing`)
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const says = symbol.getDocumentationComment(checker).length > 0
      const [declaration] = symbol.declarations ?? []
      const where = declaration?.getSourceFile().fileName ?? entry
      // What another library exports is documented there.
      return where.startsWith(PACKAGE)
        ? [{ name: `${path.relative(PACKAGE, where)}: ${exported.name}`, says }]
        : []
    })
  })
}

it('every exported name has a docstring', () => {
  const exports = readExports()
  // A reader that follows no export would find nothing wrong either.
  expect(exports.length).toBeGreaterThan(200)
  const silent = exports.filter(({ says }) => !says).map(({ name }) => name)
  expect([...new Set(silent)].sort()).toEqual([])
})
