/** Every source file says first what it is for. */
import ts from 'typescript'
import { expect, it } from 'vitest'
import { SOURCE_FILES, type SourceFile } from './sources.ts'

/** At the top, or behind the imports where the file is one declaration and the comment is about that. */
function saysWhatItIsFor({ path, text }: SourceFile): boolean {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext)
  const begins = [
    source.statements[0],
    source.statements.find((statement) => !ts.isImportDeclaration(statement)),
  ]
  return begins.some(
    (statement) =>
      statement !== undefined && ts.getLeadingCommentRanges(text, statement.getFullStart()) !== undefined,
  )
}

it('opens every file with a comment that says what it is for', () => {
  expect(SOURCE_FILES.filter((file) => !saysWhatItIsFor(file)).map(({ path }) => path)).toEqual([])
})
