/**
 * The commands of a document, as they stand there. Each fenced block that a reader is to run has a comment on the line
 * before it that names the test which runs it (test/house/documents-executed.test.ts):
 *
 *     <!-- run by: packages/server/test/clients/readme.test.ts -->
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { REPOSITORY } from '../house/sources.ts'

export interface Block {
  /** What stands behind the fence: `sh`, `python`; empty where there is nothing. */
  readonly language: string
  readonly text: string
  /** Of the fence. */
  readonly line: number
  /** The test that runs it, below the repository. */
  readonly runBy: string | undefined
  /** Why nothing runs it. */
  readonly notRun: string | undefined
}

const FENCE = /^( *)```(\w*)\s*$/
const COMMENT = /^ *<!-- (run by|not run): (.+) -->$/

/** Every fenced block, in order, without the indentation of the list that it may stand in. */
export function blocksOf(document: string): readonly Block[] {
  const lines = readFileSync(path.join(REPOSITORY, document), 'utf8').split('\n')
  const blocks: Block[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const [, indentation, language] = FENCE.exec(lines[index] ?? '') ?? []
    if (indentation === undefined || language === undefined) continue
    const end = lines.indexOf(`${indentation}\`\`\``, index + 1)
    if (end < 0) throw new Error(`${document}:${String(index + 1)}: the block has no end`)
    const before = lines.slice(0, index).findLast((line) => line.trim() !== '') ?? ''
    const [, kind, said] = COMMENT.exec(before) ?? []
    blocks.push({
      language,
      text: lines
        .slice(index + 1, end)
        .map((line) => `${line.slice(indentation.length)}\n`)
        .join(''),
      line: index + 1,
      runBy: kind === 'run by' ? said : undefined,
      notRun: kind === 'not run' ? said : undefined,
    })
    index = end
  }
  return blocks
}

/** Those that name this test, a path below the repository. @throws where there is none */
export function blocksRunBy(document: string, test: string): readonly Block[] {
  const blocks = blocksOf(document).filter(({ runBy }) => runBy === test)
  if (blocks.length === 0) throw new Error(`${document} has no block that ${test} runs`)
  return blocks
}
