/**
 * What a bundle contains of others, with the words that their licences want to go along: a bundle is a copy of the libraries in
 * it, and MIT, ISC, BSD and Apache-2.0 all ask that a copy carries its notice. Used by scripts/bundle.mjs for the program and by
 * scripts/console.mjs for the console; both put the text beside what they make, and so into the package.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** Spelt as everybody spells it who looks for it. */
export const THIRD_PARTY_LICENCES = 'THIRD_PARTY_LICENSES.txt'

const NOTICE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i
const LINE = '-'.repeat(100)

/**
 * @param what the name of the bundle
 * @param files those that were bundled, by absolute path
 * @returns the text: a list, and the notices of each
 * @throws Error when a library says nothing that could be passed on
 */
export async function thirdPartyLicences(what, files) {
  const packages = new Map()
  for (const directory of new Set(files.map(packageOf))) {
    if (directory === undefined) continue
    const manifest = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8'))
    const notices =
      (await noticesIn(directory)) || (await noticeInReadme(directory)) || standardText(manifest)
    packages.set(`${manifest.name} ${manifest.version}`, { licence: manifest.license, notices })
  }
  const sorted = [...packages].sort(([one], [other]) => (one < other ? -1 : 1))
  const silent = sorted.filter(([, { licence, notices }]) => typeof licence !== 'string' || notices === '')
  if (silent.length > 0)
    throw new Error(
      `No licence text is in ${silent.map(([name]) => name).join(', ')}, and the bundle must carry one. Take another version, or another library.`,
    )
  return [
    `${what} contains these libraries:\n`,
    ...sorted.map(([name, { licence }]) => `  ${name} (${licence})`),
    ...sorted.map(([name, { licence, notices }]) => `\n${LINE}\n${name} (${licence})\n\n${notices}`),
    '',
  ].join('\n')
}

/** The directory of the package that a file belongs to, as npm laid it; undefined for our own. */
function packageOf(file) {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(file)?.[0]
}

async function noticesIn(directory) {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && NOTICE_FILE.test(entry.name))
    .map(({ name }) => name)
  const texts = await Promise.all(names.sort().map((name) => readFile(path.join(directory, name), 'utf8')))
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n')
}

/** Small libraries have it at the end of their README. */
async function noticeInReadme(directory) {
  const readme = (await readdir(directory)).find((name) => /^readme\.md$/i.test(name))
  if (readme === undefined) return ''
  const text = await readFile(path.join(directory, readme), 'utf8')
  const [, section = ''] = /^#+ *licen[cs]e *$([^]*?)(?=^#|$(?![^]))/im.exec(text) ?? []
  return /Permission is hereby granted/.test(section) ? section.replaceAll('\r\n', '\n').trim() : ''
}

/** Those that only say «MIT» mean this text, and whose it is stands in their package.json, if anywhere. */
function standardText({ name, license, author }) {
  if (license !== 'MIT') return ''
  const holder = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`)
  return `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation
the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and
to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of
the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
IN THE SOFTWARE.`
}
