/** The default of a setting stands in the table of settings alone: nobody who reads one names another. */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SETTINGS, type SettingDefinition } from '../../src/config/settings.ts'
import { SOURCE_FILES } from './sources.ts'

const TABLE: Readonly<Record<string, SettingDefinition>> = SETTINGS

/** @returns the setting that is read somewhere in an expression: `settings['http-port'].value`, `settings.metrics.value` */
function settingReadIn(expression: ts.Expression): string | undefined {
  let found: string | undefined
  const visit = (node: ts.Node): void => {
    const name =
      ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)
        ? node.argumentExpression.text
        : ts.isPropertyAccessExpression(node) && node.expression.getText().endsWith('settings')
          ? node.name.text
          : undefined
    if (name !== undefined && name in TABLE) found ??= name
    ts.forEachChild(node, visit)
  }
  visit(expression)
  return found
}

const FALLBACKS: readonly ts.SyntaxKind[] = [
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]

/** @returns sentences, one for each default that stands beside the table */
function secondDefaults(path: string, text: string): readonly string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && FALLBACKS.includes(node.operatorToken.kind)) {
      const name = settingReadIn(node.left)
      const isNumber = ts.isNumericLiteral(node.right)
      if (name !== undefined && (isNumber || TABLE[name]?.default !== undefined))
        found.push(`${path} has a default of its own for ${name}: ${node.getText()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

describe('defaults of settings', () => {
  it('stand in the table alone', () => {
    expect(SOURCE_FILES.flatMap(({ path, text }) => secondDefaults(path, text))).toEqual([])
  })

  it('are found beside it: a number for any setting', () => {
    expect(secondDefaults('a.ts', "const a = (settings['gateway-workers'].value ?? 4) * 2")).toEqual([
      "a.ts has a default of its own for gateway-workers: settings['gateway-workers'].value ?? 4",
    ])
  })

  it('are found beside it: anything for a setting that has one in the table', () => {
    expect(secondDefaults('a.ts', "const a = Number(next['pool-size'].value) || POOL_SIZE")).toEqual([
      "a.ts has a default of its own for pool-size: Number(next['pool-size'].value) || POOL_SIZE",
    ])
  })
})
