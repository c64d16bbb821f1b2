/** How wide texts are on a terminal, and which characters do not reach it. */
import { describe, expect, it } from 'vitest'
import {
  cutToWidth,
  displayWidth,
  expandTabs,
  withoutControls,
} from '../../../src/cli/connect/shell/display-width.ts'

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['', 0],
    ['漢字', 4],
    ['e\u0301', 1],
    ['ｆ', 2],
    ['한글', 4],
    ['🙂', 2],
    ['a\u200bb', 2],
    ['äöü', 3],
    ['\u0627\u064b', 1],
  ])('of %s is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('is never cut within a character', () => {
    expect(cutToWidth('a漢b', 2)).toBe('a')
    expect(cutToWidth('a漢b', 3)).toBe('a漢')
  })

  it('counts a tab up to the next eighth column', () => {
    expect(expandTabs('a\tb\t漢\tc')).toBe('a       b       漢      c')
  })
})

describe('a text for the terminal', () => {
  it.each([
    ['\u001b[2J', String.raw`\x1B[2J`],
    ['a\rb', String.raw`a\rb`],
    ['\u009b31m', String.raw`\x9B31m`],
    ['\u202eabc', String.raw`\u202Eabc`],
    ['a\tb\nc', 'a\tb\nc'],
  ])('has %j spelt out', (text, shown) => {
    expect(withoutControls(text)).toBe(shown)
  })
})
