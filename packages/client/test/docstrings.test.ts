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

function namesWithoutDocstring(): readonly string[] {
  const { config } = ts.readConfigFile(path.join(PACKAGE, 'tsconfig.json'), (file) =>
    readFileSync(file, 'utf8'),
  ) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PACKAGE)
  const program = ts.createProgram(entries, options)
  const checker = program.getTypeChecker()
  return entries.flatMap((entry) => {
    const file = program.getSourceFile(entry)
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file)
    if (module === undefined) return [`${entry} exports nothing`]
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const says = symbol.getDocumentationComment(checker).length > 0
      const [declaration] = symbol.declarations ?? []
      const where = declaration?.getSourceFile().fileName ?? entry
      // What another library exports is documented there.
      return says || !where.startsWith(PACKAGE) ? [] : [`${path.relative(PACKAGE, where)}: ${exported.name}`]
    })
  })
}

it('every exported name has a docstring', () => {
  expect([...new Set(namesWithoutDocstring())].sort()).toEqual([])
})
