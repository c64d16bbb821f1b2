/** The default of a setting stands in the table of settings alone: nobody who reads one names another. */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SETTINGS, type SettingDefinition } from '../../src/config/settings.ts'
import { SOURCE_FILES } from './sources.ts'
import { nodesIn, syntaxOf } from './syntax.ts'

const TABLE: Readonly<Record<string, SettingDefinition>> = SETTINGS

/** `settings['http-port']`, `settings.metrics` */
function settingReadBy(node: ts.Node): string | undefined {
  const name =
    ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)
      ? node.argumentExpression.text
      : ts.isPropertyAccessExpression(node) && node.expression.getText().endsWith('settings')
        ? node.name.text
        : undefined
  return name !== undefined && name in TABLE ? name : undefined
}

const FALLBACKS: readonly ts.SyntaxKind[] = [
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]

/** @returns sentences, one for each default that stands beside the table */
function secondDefaults(path: string, text: string): readonly string[] {
  return nodesIn(syntaxOf(path, text)).flatMap((node) => {
    if (!ts.isBinaryExpression(node) || !FALLBACKS.includes(node.operatorToken.kind)) return []
    const name = nodesIn(node.left)
      .map(settingReadBy)
      .find((read) => read !== undefined)
    if (name === undefined) return []
    const isSecond = ts.isNumericLiteral(node.right) || TABLE[name]?.default !== undefined
    return isSecond ? [`${path} has a default of its own for ${name}: ${node.getText()}`] : []
  })
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
