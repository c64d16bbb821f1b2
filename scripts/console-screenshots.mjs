// Takes pictures of the pages of the console, in light, in dark and on a phone, with a sample company of its own.
// Usage: npm run console-screenshots -- [--out FOLDER] [--page NAME]... [--look light|dark|phone]...
// Without arguments it writes those of the documents into docs/images/console.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    page: { type: 'string', multiple: true },
    look: { type: 'string', multiple: true },
  },
})
const OF_DOCUMENTS = ['instances', 'instance', 'sql', 'sessions', 'login-check', 'metrics']
const folder = values.out ?? path.join(root, 'docs/images/console')
const pages = values.page ?? (values.out === undefined ? OF_DOCUMENTS : [])

const { module } = await runnerImport(`${root}packages/server/test/screenshots/take-screenshots.ts`, {
  resolve: {
    alias: {
      '@lakegate/client': `${root}packages/client/src/index.ts`,
      '@lakegate/sql-text': `${root}packages/sql-text/src/index.ts`,
    },
  },
})
const { files, problems } = await module.takeScreenshots(folder, pages, values.look)
console.log(`${files.length} pictures in ${path.relative(process.cwd(), folder) || '.'}`)
for (const problem of problems) console.error(`NOT AS MEANT ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
