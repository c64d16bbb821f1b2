/** The letters of protocol messages stand in protocol/message-types.ts alone. */
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { SOURCE_FILES } from './sources.ts'
import { nodesIn, syntaxOf } from './syntax.ts'

const LIST = 'protocol/message-types.ts'
/** The answer to SSLRequest is one byte and no message. */
const ANSWERS_TO_SSL_REQUEST = ['gateway/backend/reach-host.ts', 'gateway/handshake/handshake.ts']

const isLetter = (node: ts.Node | undefined): boolean =>
  node !== undefined && ts.isStringLiteral(node) && /^[A-Za-z0-9]$/.test(node.text)

/** `'E'.charCodeAt(0)`, `buildMessage('E', …)`, `type === 'E'`. */
function namesLetter(node: ts.Node): boolean {
  if (ts.isCallExpression(node)) {
    const called = node.expression
    if (ts.isPropertyAccessExpression(called) && called.name.text === 'charCodeAt')
      return isLetter(called.expression)
    return called.getText() === 'buildMessage' && isLetter(node.arguments[0])
  }
  if (!ts.isBinaryExpression(node)) return false
  return /(^|\.)type$/.test(node.left.getText()) && isLetter(node.right)
}

/** @returns the places, as they are written */
const lettersIn = (path: string, text: string): readonly string[] =>
  nodesIn(syntaxOf(path, text))
    .filter(namesLetter)
    .map((node) => `${path}: ${node.getText()}`)

describe('the letters of protocol messages', () => {
  it('are named by their list', () => {
    const others = SOURCE_FILES.filter(({ path }) => path !== LIST && !ANSWERS_TO_SSL_REQUEST.includes(path))
    expect(others.flatMap(({ path, text }) => lettersIn(path, text))).toEqual([])
  })

  it('are found in each form in which one was ever written', () => {
    const text = "const a = 'E'.charCodeAt(0)\nbuildMessage('Q', body)\nif (frame.type === 'Z') end()"
    expect(lettersIn('a.ts', text)).toEqual([
      "a.ts: 'E'.charCodeAt(0)",
      "a.ts: buildMessage('Q', body)",
      "a.ts: frame.type === 'Z'",
    ])
  })
})
